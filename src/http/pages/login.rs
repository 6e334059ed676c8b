//! The sign-in page. It never decides what comes next: whoever has nothing to prove on it, or has proved it, goes back to the journey
//! (`/authorize/continue`) or to the account. Only `as=another` shows it to whoever is signed in and wants to be somebody else.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::new_passkey::{self, CAN_PASSKEY};
use super::providers::Offer;
use super::visit::{Arrival, Visit};
use super::{Asker, FormParts, Notice, Page, register};
use crate::app::App;
use crate::failure::Error;
use crate::http::error::{PageError, page_of};
use crate::http::extract::{CsrfForm, Sender};
use crate::protocol::authorization_request::AuthorizationRequest;
use crate::protocol::rejection::{Refusal, Rejection};
use crate::protocol::sign_in::SignIn;
use crate::rates::Door;
use crate::secret::Secret;
use crate::signin::{Attempt, Progress, Purpose};

#[derive(Template)]
#[template(path = "login.html")]
struct Login {
    page: Page,
    /// The key of what the page is called.
    title: &'static str,
    form: FormParts,
    client: Option<Asker>,
    /// What the person is called who must prove it anew.
    again: Option<String>,
    /// The provider whose account is to be linked to the one that is signed in to here.
    to_link: Option<String>,
    as_another: bool,
    registration: bool,
    /// Whether a new password can be asked for by mail.
    recovers: bool,
    email: String,
    error: Option<Notice>,
    email_error: Option<Rejection>,
    password_error: Option<Rejection>,
    offer: Offer,
}

/// The form.
pub(in crate::http) async fn get(
    State(app): State<App>,
    sender: Sender,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    let arrival = Visit::arrive(&app, &sender, raw.as_deref()).await?;
    let Arrival { visit, sign_in, as_another, chooses, has_gone_on } = arrival;
    if has_gone_on {
        return Ok(visit.resume(&app)?);
    }
    if let Some(provider) = visit.expected_provider(&app).await?.filter(|_| !as_another && !chooses)
        && app.rates.take(Door::Authorization, sender.browser.network()).is_ok()
        && let Ok(departure) = visit.send_to(&app, &sender, (provider.id(), Purpose::SignIn), app.now()).await
    {
        return Ok(departure);
    }
    let sign_in = sign_in.filter(|_| !as_another);
    let is_whole = match &sign_in {
        Some(sign_in) => app.sign_ins.is_whole(sign_in).await?,
        None => true,
    };
    let mut login = Login { as_another, ..visit.first_page(&app, &sender, sign_in.as_ref()).await? };
    if !is_whole {
        login.error = Some((&Refusal::from(Rejection::WeakSignIn)).into());
    }
    Ok(visit.answer(&login)?)
}

/// The filled-in form.
pub(in crate::http) async fn post(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let now = app.now();
    let visit = Visit::of_form(&app, &form, now).await?;
    let attempt = Attempt {
        email: form.params.single("email")?,
        password: form.params.single("password")?.map(Secret::presented),
    };
    let typed = attempt.email.unwrap_or_default().to_owned();
    let missing = [
        attempt.email.is_none().then_some(Rejection::MissingEmail),
        attempt.password.is_none().then_some(Rejection::MissingPassword),
    ];
    match app.sign_ins.with_password(visit.journey.clone(), attempt, &form.sender.browser, now).await {
        Ok(Progress::SignedIn(cookie)) if form.params.single(CAN_PASSKEY)?.is_some() => {
            Ok(new_passkey::offer(&app, (&form.sender, visit), cookie).await?)
        }
        Ok(progress) => Ok(visit.after(&app, &form.sender, progress)?),
        Err(Error::Failed(failure)) => Err(failure.into()),
        Err(Error::Rejected(refusal)) => {
            let mut login = visit.page(&app, &form.sender, typed).await?;
            let too_long = Some(refusal.rejection).filter(|rejection| *rejection == Rejection::PasswordTooLong);
            login.email_error = missing[0];
            login.password_error = missing[1].or(too_long);
            login.error = Some((&refusal).into());
            Ok(page_of(visit.answer(&login)?, Some(refusal)))
        }
    }
}

/// The page once more, for whoever has shown a passkey that is none.
pub(super) async fn refused(
    app: &App,
    (sender, visit): (&Sender, &Visit),
    sign_in: Option<&SignIn>,
    refusal: Refusal,
) -> Result<Response, Error> {
    let login = Login { error: Some((&refusal).into()), ..visit.first_page(app, sender, sign_in).await? };
    Ok(page_of(visit.answer(&login)?, Some(refusal)))
}

impl Visit {
    /// Who must prove it anew. Whom the application expects, or wants to be chosen, may be somebody else.
    fn expected_person<'a>(&self, sign_in: Option<&'a SignIn>) -> Option<&'a SignIn> {
        let another = |request: &AuthorizationRequest, sign_in: &SignIn| {
            request.login_hint.is_some() || request.prompt.select_account || !request.takes_subject(&sign_in.user_id)
        };
        sign_in.filter(|sign_in| !self.journey.request().is_some_and(|request| another(request, sign_in)))
    }

    /// The page for whoever comes.
    async fn first_page(&self, app: &App, sender: &Sender, sign_in: Option<&SignIn>) -> Result<Login, Error> {
        let Some(again) = self.expected_person(sign_in) else {
            let hint = self.journey.request().and_then(|request| request.login_hint.clone());
            let email = match (hint, self.journey.newcomer.as_deref()) {
                (None, Some(newcomer)) => app.sign_ins.meet(&self.journey, newcomer, app.now()).await?.taken(),
                (hint, _) => hint,
            };
            return self.page(app, sender, email.unwrap_or_default()).await;
        };
        Ok(Login {
            title: "confirm-that-it-is-you",
            again: Some(again.called().to_owned()),
            offer: Offer::to_user(app, sender, &again.user_id, (self, again.email.is_some())).await?,
            ..self.page(app, sender, again.email.clone().unwrap_or_default()).await?
        })
    }

    async fn page(&self, app: &App, sender: &Sender, email: String) -> Result<Login, Error> {
        let passkey = app.sign_ins.ask_for_passkey(None, self.browser(), app.now()).await?;
        let mut offer = Offer { passkey, ..Offer::everything(app, sender) };
        let newcomer = self.journey.newcomer.as_deref().map(|newcomer| newcomer.provider.as_str());
        // The way that they came leads nowhere, unless there is no other.
        if offer.with_password || offer.by_email || offer.passkey.is_some() || offer.providers.len() > 1 {
            offer.providers.retain(|button| Some(button.id.as_str()) != newcomer);
        }
        Ok(Login {
            page: sender.page.clone(),
            title: "sign-in",
            form: self.form(app),
            client: self.asker(app).await?,
            again: None,
            to_link: newcomer.map(|id| app.providers.get(id).map_or(id, |provider| provider.name()).to_owned()),
            as_another: false,
            registration: register::is_open(app) && newcomer.is_none(),
            recovers: app.config.mail.is_on() && app.config.sign_in.password,
            email,
            error: None,
            email_error: None,
            password_error: None,
            offer,
        })
    }
}
