//! What a journey may be for, in the tables of the files beside this one.

use super::tests::{client, journey, request};
use super::*;
use crate::protocol::assurance::{MFA_CLASS, PASSWORD_CLASS, PHISHING_RESISTANT_CLASS};
use crate::protocol::client::ClientType;
use crate::protocol::journey::Action;

/// What a journey may be for here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum For {
    Account,
    Unlinking,
    Factors,
    App,
    AppAnew,
    AppWithMaxAge,
    AppWithMaxAgeWishingForPassword,
    AppWithoutAsking,
    AppWithPassword,
    AppWithMfa,
    AppWithPasskey,
    AppWithMfaWithoutAsking,
    AppWishingForPassword,
    AppWishingForMore,
}

pub(super) const FOR: [For; 14] = [
    For::Account,
    For::Unlinking,
    For::Factors,
    For::App,
    For::AppAnew,
    For::AppWithMaxAge,
    For::AppWithMaxAgeWishingForPassword,
    For::AppWithoutAsking,
    For::AppWithPassword,
    For::AppWithMfa,
    For::AppWithPasskey,
    For::AppWithMfaWithoutAsking,
    For::AppWishingForPassword,
    For::AppWishingForMore,
];

impl For {
    /// The class that the request insists on: an essential `acr`.
    pub(super) fn insists_on(self) -> Option<&'static str> {
        match self {
            Self::AppWithPassword => Some(PASSWORD_CLASS),
            Self::AppWithMfa | Self::AppWithMfaWithoutAsking => Some(MFA_CLASS),
            Self::AppWithPasskey => Some(PHISHING_RESISTANT_CLASS),
            _ => None,
        }
    }

    /// Whether all is to be of the last minute.
    pub(super) fn has_max_age(self) -> bool {
        matches!(self, Self::AppWithMaxAge | Self::AppWithMaxAgeWishingForPassword)
    }

    /// Whether the request wishes for a password, and nothing more.
    pub(super) fn wishes_for_password(self) -> bool {
        matches!(self, Self::AppWishingForPassword | Self::AppWithMaxAgeWishingForPassword)
    }

    pub(super) fn is_silent(self) -> bool {
        matches!(self, Self::AppWithoutAsking | Self::AppWithMfaWithoutAsking)
    }

    /// What is said where a class is not reached: to the person where no application asks.
    pub(super) fn not_met(self) -> Rejection {
        match self {
            Self::Account | Self::Unlinking | Self::Factors => Rejection::WeakSignIn,
            _ => Rejection::ClassNotMet,
        }
    }
}

pub(super) fn on(what: For) -> Journey {
    let client = client(ClientType::Web, true);
    let asking = |extra: &str| Goal::Authorize(Box::new(request(&client, &format!("scope=openid{extra}"))));
    let insisting = |extra: &str| {
        let class = what.insists_on().unwrap();
        asking(&format!(r#"&claims={{"id_token":{{"acr":{{"essential":true,"value":"{class}"}}}}}}{extra}"#))
    };
    journey(match what {
        For::Account => Goal::Account,
        For::Unlinking => Goal::Confirm { user_id: "ann".into(), action: Action::Unlink("i".into()) },
        For::Factors => Goal::Confirm { user_id: "ann".into(), action: Action::RemoveAuthenticator },
        For::App => asking(""),
        For::AppAnew => asking("&prompt=login"),
        For::AppWithMaxAge => asking("&max_age=60"),
        For::AppWithMaxAgeWishingForPassword => asking(&format!("&max_age=60&acr_values={PASSWORD_CLASS}")),
        For::AppWithoutAsking => asking("&prompt=none"),
        For::AppWithPassword | For::AppWithMfa | For::AppWithPasskey => insisting(""),
        For::AppWithMfaWithoutAsking => insisting("&prompt=none"),
        For::AppWishingForPassword => asking(&format!("&acr_values={PASSWORD_CLASS}")),
        For::AppWishingForMore => asking(&format!("&acr_values={PHISHING_RESISTANT_CLASS}%20{MFA_CLASS}")),
    })
}
