//! The page of the recovery codes: how many are left, and making new ones. They are shown once, on the answer to the form, from where they can be
//! saved as a file and printed.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::authenticator::owner;
use super::moment::Moment;
use super::visit::Visit;
use super::{FormParts, Page, account};
use crate::app::App;
use crate::failure::{Error, Failure};
use crate::http::endpoints::authorize::see_other;
use crate::http::error::PageError;
use crate::http::extract::{CsrfForm, Sender};
use crate::protocol::journey::Action;
use crate::protocol::next_step::NextStep;
use crate::protocol::recovery_code::RecoveryCode;
use crate::protocol::rejection::Rejection;
use crate::protocol::second_factor::{FEW_RECOVERY_CODES, RECOVERY_CODES};

#[derive(Template)]
#[template(path = "account/recovery_codes.html")]
struct RecoveryCodes {
    page: Page,
    section: &'static str,
    form: FormParts,
    /// Whether there is a second factor that they stand in for.
    has_second_factor: bool,
    /// How many are left, and since when there are any.
    own: Option<(i64, Moment)>,
    /// Whether so few are left that new ones should be made.
    are_few: bool,
    /// Whether the person has just proved that it is them.
    is_proved: bool,
    count: usize,
}

#[derive(Template)]
#[template(path = "shown_recovery_codes.html")]
struct Shown {
    page: Page,
    form: FormParts,
    /// Whose they are, and when they were made: what tells two printed sets apart.
    whose: String,
    made: Moment,
    codes: Vec<String>,
    /// As the form brings them back that saves them.
    sealed: String,
    /// Where it goes on.
    onward: String,
}

/// The page.
pub(in crate::http) async fn get(
    State(app): State<App>,
    sender: Sender,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    let now = app.now();
    let Some(sign_in) = owner(&app, &sender, now).await? else { return Ok(see_other(&app.issuer.place("/login"))?) };
    let visit = Visit::of_page(&app, &sender, raw.as_deref(), now).await?;
    let visit = visit.towards(&app, &sign_in, Action::MakeRecoveryCodes, now);
    let own = app.sign_ins.own_factors(&sign_in.user_id, now).await?;
    let left = own.recovery_codes.as_ref().and_then(|codes| codes.left);
    let template = RecoveryCodes {
        page: sender.page.clone(),
        section: "recovery-codes",
        form: visit.form(&app),
        has_second_factor: own.authenticator.is_some() || !own.passkeys.is_empty(),
        own: own.recovery_codes.map(|codes| (codes.left.unwrap_or_default(), Moment::new(codes.created_at, now))),
        are_few: left.is_some_and(|left| left <= FEW_RECOVERY_CODES),
        is_proved: app.sign_ins.standing_of(&visit.journey, Some(sign_in), now).await?.step == NextStep::Finish,
        count: RECOVERY_CODES,
    };
    Ok(visit.answer(&template)?)
}

/// To the proof, and from there back to the page.
pub(in crate::http) async fn begin(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    if owner(&app, &form.sender, app.now()).await?.is_none() {
        return Ok(see_other(&app.issuer.place("/login"))?);
    }
    account::end(&app, &form, Action::MakeRecoveryCodes).await
}

/// Makes new ones, and shows them.
pub(in crate::http) async fn post(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let now = app.now();
    let sender = &form.sender;
    let Some(sign_in) = owner(&app, sender, now).await? else { return Ok(see_other(&app.issuer.place("/login"))?) };
    let visit = Visit::of_form(&app, &form, now).await?.towards(&app, &sign_in, Action::MakeRecoveryCodes, now);
    let whose = sign_in.called().to_owned();
    match app.sign_ins.make_recovery_codes((&visit.journey, sign_in), &sender.browser, now).await {
        Ok(codes) => Ok(shown(&app, (&visit, sender), (&codes, whose), "/account")?),
        // The proof has become too old, or the second factor went meanwhile: the page says so.
        Err(Error::Rejected(refusal))
            if matches!(refusal.rejection, Rejection::SignInNeeded | Rejection::NoSuchPage) =>
        {
            Ok(see_other(&app.issuer.place("/account/recovery-codes"))?)
        }
        Err(error) => Err(error.into()),
    }
}

/// The codes that are being shown, as a file. They come back with the form, sealed for this browser: the database does not have them.
pub(in crate::http) async fn save(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let now = app.now();
    if owner(&app, &form.sender, now).await?.is_none() {
        return Ok(see_other(&app.issuer.place("/login"))?);
    }
    let visit = Visit::open(&app, &form.sender, None, now).await?;
    let sealed = form.params.single("codes")?.unwrap_or_default();
    let Some(codes) = app.sign_ins.open_codes(sealed, visit.browser()) else {
        return Ok(see_other(&app.issuer.place("/account/recovery-codes"))?);
    };
    let head = form.sender.page.t("recovery-codes-for").with("brand", &form.sender.page.brand).plain();
    let once = form.sender.page.t("each-code-works-once").plain();
    let text = format!("{head}\n{}\n{once}\n\n{}\n", app.issuer.as_str(), codes.as_str());
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"recovery-codes.txt\"")),
    ];
    Ok((headers, text).into_response())
}

/// The page that shows codes that were just made: the one time that they are seen.
pub(super) fn shown(
    app: &App,
    (visit, sender): (&Visit, &Sender),
    (codes, whose): (&[RecoveryCode], String),
    onward: &str,
) -> Result<Response, Failure> {
    let now = app.now();
    visit.answer(&Shown {
        page: sender.page.clone(),
        whose,
        made: Moment::new(now, now),
        form: FormParts { request: String::new(), ..visit.form(app) },
        codes: codes.iter().map(RecoveryCode::expose).collect(),
        sealed: app.sign_ins.seal_codes(codes, visit.browser()),
        onward: onward.to_owned(),
    })
}
