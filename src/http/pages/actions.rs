//! The sensitive actions in a person's words: what is asked before, and what is said afterwards.

use super::Page;
use crate::app::App;
use crate::failure::Failure;
use crate::protocol::journey::Action;

/// What is to be confirmed: the keys of its words.
pub(super) struct Asks {
    pub title: &'static str,
    pub name: Option<String>,
    pub effect: &'static str,
    pub button: &'static str,
    pub path: &'static str,
    pub field: Option<(&'static str, String)>,
}

impl Asks {
    /// The question before an action on what has this name.
    pub fn of(page: &Page, action: &Action, name: Option<String>) -> Self {
        match action {
            Action::EndSignIn(id) => Self {
                title: "end-this-sign-in",
                name: Some(name.map_or_else(|| page.t("that-browser").plain(), |name| page.device(&name))),
                effect: "browser-will-have-to-sign-in-again",
                button: "end-sign-in",
                path: "/account/sign-ins/end",
                field: Some(("id", id.clone())),
            },
            Action::EndOtherSignIns => Self {
                title: "end-all-other-sign-ins",
                name: None,
                effect: "every-other-browser-will-have-to",
                button: "end-all-others",
                path: "/account/sign-ins/end-others",
                field: None,
            },
            Action::Link(provider) => Self {
                title: "link-an-account",
                name: None,
                effect: "whoever-signs-in-to-it",
                button: "go-on",
                path: "/account/identities/link",
                field: Some(("provider", provider.clone())),
            },
            Action::Unlink(id) => Self {
                title: "unlink-this-account",
                name: Some(name.unwrap_or_else(|| page.t("that-account").plain())),
                effect: "unlinked-does-not-sign-you-in",
                button: "unlink",
                path: "/account/identities/unlink",
                field: Some(("id", id.clone())),
            },
            Action::TakeAddress(_) => Self {
                title: "confirm-this-address",
                name: Some(name.unwrap_or_else(|| page.t("that-address").plain())),
                effect: "becomes-your-address",
                button: "confirm",
                path: "/account/emails/take",
                field: None,
            },
            Action::SetPassword => Self {
                title: "choose-a-password",
                name: None,
                effect: "whoever-knows-the-password",
                button: "go-on",
                path: "/account/password/first",
                field: None,
            },
            Action::RemovePassword => Self {
                title: "remove-your-password",
                name: None,
                effect: "password-does-not-sign-you-in",
                button: "remove-the-password",
                path: "/account/password/remove",
                field: None,
            },
            Action::SetAuthenticator => Self {
                title: "set-up-an-authenticator",
                name: None,
                effect: "whoever-has-the-authenticator",
                button: "go-on",
                path: "/account/authenticator/begin",
                field: None,
            },
            Action::RemoveAuthenticator => Self {
                title: "remove-your-authenticator",
                name: None,
                effect: "then-the-password-alone",
                button: "remove-the-authenticator",
                path: "/account/authenticator/remove",
                field: None,
            },
            Action::MakeRecoveryCodes => Self {
                title: "make-new-codes",
                name: None,
                effect: "former-codes-end",
                button: "go-on",
                path: "/account/recovery-codes/begin",
                field: None,
            },
            Action::AddPasskey => Self {
                title: "add-a-passkey",
                name: None,
                effect: "whoever-has-the-passkey",
                button: "go-on",
                path: "/account/passkeys/begin",
                field: None,
            },
            Action::RemovePasskey(id) => Self {
                title: "remove-this-passkey",
                name: Some(name.unwrap_or_else(|| page.t("that-passkey").plain())),
                effect: "passkey-does-not-sign-you-in",
                button: "remove",
                path: "/account/passkeys/remove",
                field: Some(("id", id.clone())),
            },
            Action::AddSecurityKey => Self {
                title: "add-a-security-key",
                name: None,
                effect: "whoever-has-the-security-key",
                button: "go-on",
                path: "/account/security-keys/begin",
                field: None,
            },
            Action::RemoveSecurityKey(id) => Self {
                title: "remove-this-security-key",
                name: Some(name.unwrap_or_else(|| page.t("that-security-key").plain())),
                effect: "security-key-is-asked-for-no-more",
                button: "remove",
                path: "/account/security-keys/remove",
                field: Some(("id", id.clone())),
            },
            Action::MakeKey(None) => Self {
                title: "make-a-key",
                name: None,
                effect: "whoever-has-the-key",
                button: "go-on",
                path: "/account/api-keys/begin",
                field: None,
            },
            Action::MakeKey(Some(id)) => Self {
                title: "replace-this-key",
                name: Some(name.unwrap_or_else(|| id.clone())),
                effect: "another-takes-its-place",
                button: "go-on",
                path: "/account/api-keys/begin",
                field: Some(("id", id.clone())),
            },
            Action::Leave { for_good } => Self {
                title: "delete-your-account",
                name: None,
                effect: if *for_good { "account-goes-at-once" } else { "account-is-closed-and-goes" },
                button: "delete-your-account",
                path: "/account/data/delete",
                field: None,
            },
            Action::EndApp(client_id) => Self {
                title: "end-this-access",
                name: Some(name.unwrap_or_else(|| page.t("that-application").plain())),
                effect: "can-do-nothing-any-more",
                button: "end-access",
                path: "/account/apps/end",
                field: Some(("client_id", client_id.clone())),
            },
        }
    }
}

/// What the page says of what was done.
pub(super) async fn done(app: &App, page: &Page, action: &Action) -> Result<String, Failure> {
    Ok(match action {
        Action::EndSignIn(_) => page.t("that-sign-in-has-ended").plain(),
        Action::EndOtherSignIns => page.t("all-others-have-ended").plain(),
        Action::Link(provider) => match app.providers.get(provider) {
            Some(provider) => page.t("your-account-is-linked").with("provider", provider.name()).plain(),
            None => page.t("the-account-is-linked").plain(),
        },
        // The key is shown on a page of its own; nobody is left to be told of the end of their account.
        Action::MakeKey(_) | Action::MakeRecoveryCodes | Action::Leave { .. } => String::new(),
        Action::SetAuthenticator => page.t("your-account-has-an-authenticator").plain(),
        Action::RemoveAuthenticator => page.t("your-authenticator-is-removed").plain(),
        Action::AddPasskey => page.t("your-account-has-the-passkey").plain(),
        Action::RemovePasskey(_) => page.t("that-passkey-is-removed").plain(),
        Action::AddSecurityKey => page.t("your-account-has-the-security-key").plain(),
        Action::RemoveSecurityKey(_) => page.t("that-security-key-is-removed").plain(),
        Action::TakeAddress(_) => page.t("the-address-is-yours").plain(),
        Action::SetPassword => page.t("your-account-has-a-password").plain(),
        Action::RemovePassword => page.t("your-password-is-removed").plain(),
        Action::Unlink(_) => page.t("that-account-is-unlinked").plain(),
        Action::EndApp(client_id) => match app.directory.client(client_id).await? {
            Some(client) => page.t("has-no-access-any-more").with("client", &client.name).plain(),
            None => page.t("the-application-has-no-access").plain(),
        },
    })
}
