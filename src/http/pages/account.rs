//! The account page: where the person is signed in, which applications have access, and ending either.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};

use super::actions::{Asks, done};
use super::moment::Moment;
use super::providers::{self, Offer};
use super::visit::Visit;
use super::ways::{PasswordWay, Ways};
use super::{FormParts, Notice, Page};
use crate::app::App;
use crate::clock::Timestamp;
use crate::failure::{Error, Failure};
use crate::grants::REUSED;
use crate::http::cookies::Done;
use crate::http::endpoints::authorize::see_other;
use crate::http::error::{PageError, page_of};
use crate::http::extract::{CsrfForm, Sender};
use crate::language::Language;
use crate::protocol::attempts::FOR_EVER;
use crate::protocol::device;
use crate::protocol::journey::{Action, Goal};
use crate::protocol::proof::Kind;
use crate::protocol::rejection::{Refusal, Rejection};
use crate::protocol::resource::Resource;
use crate::protocol::scope::{self, ScopeSet};
use crate::protocol::second_factor::{FEW_RECOVERY_CODES, FactorKind};
use crate::protocol::sign_in::SignIn;
use crate::secret::Secret;
use crate::signin::Attempt;
use crate::storage::{AppWithAccess, Noted, SignInEntry};

#[derive(Template)]
#[template(path = "account.html")]
struct Account {
    page: Page,
    section: &'static str,
    form: FormParts,
    name: String,
    email: Option<String>,
    done: Option<String>,
    reused_at: Option<Moment>,
    tried: Option<Tried>,
    /// How many recovery codes are left, when those are few.
    few_codes: Option<i64>,
    ways: Ways,
    sign_ins: Vec<SignInLine>,
    apps: Vec<AppLine>,
}

/// What strangers tried in vain.
struct Tried {
    failures: i64,
    at: Moment,
    until: Option<Moment>,
}

impl Tried {
    fn new(noted: &Noted, now: Timestamp) -> Self {
        let until = Some(Timestamp::from_seconds(noted.noted_until)).filter(|until| *until != FOR_EVER);
        Self {
            failures: noted.noted_failures,
            at: Moment::new(Timestamp::from_seconds(noted.noted_at), now),
            until: until.map(|until| Moment::new(until, now)),
        }
    }
}

struct SignInLine {
    id: String,
    device: String,
    address: String,
    used_at: Moment,
    /// How the person signed in: the keys of its words.
    by: Vec<&'static str>,
    is_this: bool,
}

struct AppLine {
    client_id: String,
    name: String,
    words: Vec<String>,
    since: Moment,
    used_at: Moment,
}

impl SignInLine {
    fn all(entries: Vec<SignInEntry>, this: &SignIn, now: Timestamp) -> Result<Vec<Self>, Failure> {
        let line = |entry: SignInEntry| {
            Ok(Self {
                by: entry.proofs()?.iter().filter_map(|proof| way(proof.kind)).collect(),
                is_this: entry.id == this.id,
                device: device::name(&entry.user_agent),
                address: entry.address,
                used_at: Moment::new(Timestamp::from_seconds(entry.last_used_at), now),
                id: entry.id,
            })
        };
        entries.into_iter().map(line).collect()
    }
}

/// The key of what is said of a way to sign in.
const fn way(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Password => Some("by-password"),
        Kind::Upstream => Some("by-provider"),
        Kind::Mail => Some("by-mail"),
        Kind::Totp => Some("by-code"),
        Kind::RecoveryCode => Some("by-recovery-code"),
        Kind::Passkey => Some("by-passkey"),
        Kind::SecurityKey => Some("by-security-key"),
        Kind::Mailbox | Kind::Unknown => None,
    }
}

impl AppLine {
    fn all(entries: Vec<AppWithAccess>, (resources, language): (&[Resource], Language), now: Timestamp) -> Vec<Self> {
        let line = |entry: AppWithAccess| Self {
            words: words(&entry.scopes, resources, language),
            client_id: entry.client_id,
            name: entry.name,
            since: Moment::new(entry.since, now),
            used_at: Moment::new(entry.used_at, now),
        };
        entries.into_iter().map(line).collect()
    }
}

#[derive(Template)]
#[template(path = "account/sign_ins.html")]
struct SignInsPage {
    page: Page,
    section: &'static str,
    form: FormParts,
    sign_ins: Vec<SignInLine>,
}

#[derive(Template)]
#[template(path = "account/applications.html")]
struct Applications {
    page: Page,
    section: &'static str,
    form: FormParts,
    apps: Vec<AppLine>,
}

#[derive(Template)]
#[template(path = "account_confirm.html")]
struct Confirm {
    page: Page,
    form: FormParts,
    /// Who is signed in.
    whose: String,
    offer: Offer,
    asks: Asks,
    error: Option<Notice>,
    /// Whether that is of a passkey, and not of the password.
    is_of_passkey: bool,
}

/// Whether a refusal is of a passkey that was shown.
const fn is_of_passkey(rejection: Rejection) -> bool {
    matches!(
        rejection,
        Rejection::NoPasskeyShown
            | Rejection::StalePasskeyRequest
            | Rejection::WrongPasskey
            | Rejection::UnverifiedPasskey
            | Rejection::CopiedPasskey
    )
}

/// The page; whoever is not signed in is asked to.
pub(in crate::http) async fn get(State(app): State<App>, sender: Sender) -> Result<Response, PageError> {
    let now = app.now();
    let Some(sign_in) = sender.sign_in(&app, now).await? else { return Ok(see_other(&app.issuer.place("/login"))?) };
    let view = app.sign_ins.account(&sign_in, REUSED, now).await?;
    let resources = app.directory.resources().await?;
    let visit = Visit::open(&app, &sender, None, now).await?;
    let done = match &sender.cookies.done {
        Some(Done::Act(action)) => Some(done(&app, &sender.page, action).await?),
        Some(Done::NewPassword) => Some(sender.page.t("your-password-is-changed").plain()),
        Some(Done::KeptFactors) => Some(sender.page.t("request-is-stopped").plain()),
        Some(Done::NewProfile) => Some(sender.page.t("your-profile-is-saved").plain()),
        // Told on the page of the keys, and where whoever left is led.
        Some(Done::KeyEnded | Done::Left(_) | Done::Back | Done::ResetWaits(_)) | None => None,
    };
    let has_address = view.user.email.is_some();
    let authenticator = view.factors.iter().find(|factor| factor.kind == FactorKind::Authenticator);
    let authenticator = authenticator.filter(|_| app.sign_ins.has_second_factors());
    let authenticator = authenticator
        .map(|factor| (Moment::new(factor.created_at, now), factor.last_used_at.map(|at| Moment::new(at, now))));
    let few_codes = view.factors.iter().find_map(|factor| factor.left.filter(|left| *left <= FEW_RECOVERY_CODES));
    let template = Account {
        page: sender.page.clone(),
        section: "overview",
        form: visit.form(&app),
        ways: Ways {
            by_mail: app.sign_ins.is_way_in(&view.user),
            authenticator,
            passkeys: view.passkeys.iter().filter(|passkey| passkey.is_passkey()).count(),
            security_keys: view.passkeys.iter().filter(|passkey| passkey.is_security_key()).count(),
            ..Ways::new(
                PasswordWay::of(&app, (view.has_password, has_address), view.password, now),
                view.identities,
                providers::buttons(&app, &sender),
                now,
            )
        },
        name: view.user.name,
        email: view.user.email,
        done,
        tried: view.tried.map(|noted| Tried::new(&noted, now)),
        few_codes: few_codes.filter(|_| app.sign_ins.has_second_factors()),
        reused_at: view.reused_at.map(|at| Moment::new(at, now)),
        sign_ins: SignInLine::all(view.sign_ins, &sign_in, now)?,
        apps: AppLine::all(view.apps, (&resources, sender.page.language()), now),
    };
    Ok((sender.cookies.told(), visit.answer(&template)?).into_response())
}

/// Where the person is signed in.
pub(in crate::http) async fn sign_ins(State(app): State<App>, sender: Sender) -> Result<Response, PageError> {
    let now = app.now();
    let Some(sign_in) = sender.sign_in(&app, now).await? else { return Ok(see_other(&app.issuer.place("/login"))?) };
    let entries = app.sign_ins.sign_ins_of(&sign_in.user_id, now).await?;
    let visit = Visit::open(&app, &sender, None, now).await?;
    let template = SignInsPage {
        page: sender.page.clone(),
        section: "sign-ins",
        form: visit.form(&app),
        sign_ins: SignInLine::all(entries, &sign_in, now)?,
    };
    Ok(visit.answer(&template)?)
}

/// Which applications have access.
pub(in crate::http) async fn applications(State(app): State<App>, sender: Sender) -> Result<Response, PageError> {
    let now = app.now();
    let Some(sign_in) = sender.sign_in(&app, now).await? else { return Ok(see_other(&app.issuer.place("/login"))?) };
    let entries = app.sign_ins.apps_of(&sign_in.user_id).await?;
    let resources = app.directory.resources().await?;
    let visit = Visit::open(&app, &sender, None, now).await?;
    let template = Applications {
        page: sender.page.clone(),
        section: "applications",
        form: visit.form(&app),
        apps: AppLine::all(entries, (&resources, sender.page.language()), now),
    };
    Ok(visit.answer(&template)?)
}

/// A line for each thing that was allowed, in the order of the consent page.
fn words(scopes: &ScopeSet, resources: &[Resource], language: Language) -> Vec<String> {
    scope::in_order(scopes.iter()).into_iter().map(|token| language.scope(token, resources)).collect()
}

/// The front door leads to the account.
pub(in crate::http) async fn root(State(app): State<App>) -> Result<Response, PageError> {
    Ok(see_other(&app.issuer.place("/account"))?)
}

/// Ends a sign-in.
pub(in crate::http) async fn end_sign_in(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let id = form.params.single("id")?.ok_or(Rejection::MissingChoice.of("id"))?.to_owned();
    end(&app, &form, Action::EndSignIn(id)).await
}

/// Ends all sign-ins but this browser's.
pub(in crate::http) async fn end_others(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    end(&app, &form, Action::EndOtherSignIns).await
}

/// Ends an application's access.
pub(in crate::http) async fn end_app(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let client_id = form.params.single("client_id")?.ok_or(Rejection::MissingChoice.of("client_id"))?.to_owned();
    end(&app, &form, Action::EndApp(client_id)).await
}

/// Goes to a provider to link an account there.
pub(in crate::http) async fn link(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let provider = form.params.single("provider")?.ok_or(Rejection::MissingChoice.of("provider"))?;
    let known = app.providers.get(provider).ok_or(Rejection::NoSuchPage)?;
    end(&app, &form, Action::Link(known.id().to_owned())).await
}

/// Gives the account the address that was proved by mail. It is the journey that says so: who only knows a ticket's name has shown nothing.
pub(in crate::http) async fn take_address(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let visit = Visit::of_form(&app, &form, app.now()).await?;
    let Goal::Confirm { action: action @ Action::TakeAddress(_), .. } = &visit.journey.goal else {
        return Ok(see_other(&app.issuer.place("/account/emails"))?);
    };
    end(&app, &form, action.clone()).await
}

/// Unlinks an account at a provider.
pub(in crate::http) async fn unlink(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let id = form.params.single("id")?.ok_or(Rejection::MissingChoice.of("id"))?.to_owned();
    end(&app, &form, Action::Unlink(id)).await
}

/// Takes the password away.
pub(in crate::http) async fn remove_password(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    end(&app, &form, Action::RemovePassword).await
}

/// Does it when the person has proved lately that it is them, and asks otherwise. The question brings its journey; a button of the list
/// begins one.
pub(super) async fn end(app: &App, form: &CsrfForm, action: Action) -> Result<Response, PageError> {
    let now = app.now();
    let mut visit = Visit::of_form(app, form, now).await?;
    let Some(sign_in) = form.sender.sign_in(app, now).await? else {
        return Ok(see_other(&app.issuer.place("/login"))?);
    };
    let (user_id, whose) = (sign_in.user_id.clone(), sign_in.called().to_owned());
    if !matches!(visit.journey.goal, Goal::Confirm { .. }) {
        let journey = app.sign_ins.journeys.begin(Goal::Confirm { user_id, action }, now);
        visit = visit.on(app, journey);
    }
    let standing = app.sign_ins.standing_of(&visit.journey, Some(sign_in), now).await?;
    if !standing.step.asks_for_proof() {
        let next = app.sign_ins.go_on(&visit.journey, standing, &form.sender.browser, now).await?;
        return visit.go(app, &form.sender, next, now).await;
    }
    // The question itself brings the field; the list's own button does not.
    if form.params.iter().all(|(name, _)| name != "password") {
        return Ok(question(app, &form.sender, &visit, (whose, None)).await?);
    }
    let password = form.params.single("password")?.map(Secret::presented);
    let attempt = Attempt { email: Some(&whose), password };
    match app.sign_ins.with_password(visit.journey.clone(), attempt, &form.sender.browser, now).await {
        Ok(progress) => Ok(visit.after(app, &form.sender, progress)?),
        Err(Error::Rejected(refusal)) => Ok(question(app, &form.sender, &visit, (whose, Some(refusal))).await?),
        Err(Error::Failed(failure)) => Err(failure.into()),
    }
}

/// The page that asks for a proof before something sensitive is done.
pub(super) async fn question(
    app: &App,
    sender: &Sender,
    visit: &Visit,
    (whose, error): (String, Option<Refusal>),
) -> Result<Response, Failure> {
    let Goal::Confirm { user_id, action } = &visit.journey.goal else {
        return see_other(&app.issuer.place("/account"));
    };
    let template = Confirm {
        page: sender.page.clone(),
        form: visit.form(app),
        whose,
        offer: Offer::to_user(app, sender, user_id, (visit, false)).await?,
        is_of_passkey: error.as_ref().is_some_and(|refusal| is_of_passkey(refusal.rejection)),
        asks: Asks::of(&sender.page, action, app.sign_ins.subject_of(user_id, action).await?),
        error: error.as_ref().map(Notice::from),
    };
    let page = visit.answer(&template)?;
    Ok(page_of(page, error))
}
