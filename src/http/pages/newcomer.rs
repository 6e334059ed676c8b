//! The pages of a first sign-in through a provider: an account is made, or the person says which one is theirs.

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};

use super::visit::{Visit, application_of};
use super::{Asker, FormParts, Notice, Page};
use crate::app::App;
use crate::clock::Timestamp;
use crate::config::Register;
use crate::failure::Error;
use crate::http::endpoints::authorize::resume_at;
use crate::http::error::{Onward, PageError, page_of};
use crate::http::extract::{CsrfForm, Sender};
use crate::protocol::next_step::NextStep;
use crate::protocol::rejection::{Refusal, Rejection};
use crate::protocol::upstream::Vouched;
use crate::signin::Meeting;

/// The first sign-in.
#[derive(Template)]
#[template(path = "newcomer.html")]
struct Newcomer {
    page: Page,
    form: FormParts,
    client: Option<Asker>,
    /// The id of the provider,
    provider: String,
    /// and its name.
    provider_name: String,
    /// Who that is there, by the address or the name that it gave.
    known_as: String,
    /// The address of the new account.
    email: Option<String>,
    name: String,
    name_error: Option<Rejection>,
    error: Option<Notice>,
    /// The journey without the newcomer, for whoever wants to sign in in another way.
    otherwise: String,
}

/// The address is an account's.
#[derive(Template)]
#[template(path = "account_exists.html")]
struct AccountExists {
    page: Page,
    form: FormParts,
    client: Option<Asker>,
    provider: String,
    provider_name: String,
    email: String,
    name: String,
    may_displace: bool,
    error: Option<Notice>,
    otherwise: String,
}

/// Whether the two are one.
#[derive(Template)]
#[template(path = "link.html")]
struct Link {
    page: Page,
    form: FormParts,
    ticket: String,
    client: Option<Asker>,
    provider: String,
    provider_name: String,
    known_as: String,
    /// Who is signed in.
    whose: String,
    error: Option<Notice>,
}

/// The page of a first sign-in.
pub(in crate::http) async fn get(
    State(app): State<App>,
    Path(id): Path<String>,
    sender: Sender,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    let now = app.now();
    let visit = Visit::of_page(&app, &sender, raw.as_deref(), now).await?;
    let Some(newcomer) = visit.newcomer_of(&app, &id) else {
        return Ok(visit.without_newcomer(&app).resume(&app)?);
    };
    page(&app, &sender, &visit, &newcomer, None).await
}

/// The account is made.
pub(in crate::http) async fn post(
    State(app): State<App>,
    Path(id): Path<String>,
    form: CsrfForm,
) -> Result<Response, PageError> {
    let now = app.now();
    let visit = Visit::of_form(&app, &form, now).await?;
    let Some(newcomer) = visit.newcomer_of(&app, &id) else {
        return Ok(visit.without_newcomer(&app).resume(&app)?);
    };
    let name = form.params.single("name")?.unwrap_or_default();
    let displacing = form.params.single("displace")?.is_some();
    let browser = &form.sender.browser;
    let journey = visit.journey.clone().introducing(newcomer.clone());
    let made = app.sign_ins.make_account_of_newcomer(journey, (name, displacing), browser, now).await;
    match made {
        Ok(progress) => {
            let done = visit.journey.clone().without_newcomer().without_mail();
            let response = visit.on(&app, done).after(&app, &form.sender, progress)?;
            Ok((form.sender.cookies.came_by(&id), response).into_response())
        }
        // Somebody has taken the address meanwhile, or the identity: the page says what can be done now.
        Err(Error::Rejected(refusal)) => {
            let typed = Vouched { name: Some(name.to_owned()), ..newcomer };
            let answer = page(&app, &form.sender, &visit, &typed, Some(&refusal)).await?;
            Ok(page_of(answer, Some(refusal)))
        }
        Err(Error::Failed(failure)) => Err(failure.into()),
    }
}

async fn page(
    app: &App,
    sender: &Sender,
    visit: &Visit,
    newcomer: &Vouched,
    refusal: Option<&Refusal>,
) -> Result<Response, PageError> {
    let name_error = refusal.map(|refusal| refusal.rejection).filter(|rejection| {
        matches!(rejection, Rejection::MissingName | Rejection::NameTooLong | Rejection::UnprintableName)
    });
    let client = visit.asker(app).await?;
    let error = refusal.map(Notice::from);
    let (provider, provider_name) = (newcomer.provider.clone(), provider_name(app, newcomer));
    let otherwise = visit.sealed_without_newcomer(app);
    Ok(match app.sign_ins.meet(&visit.journey, newcomer, app.now()).await? {
        Meeting::New { email, name } => visit.answer(&Newcomer {
            page: sender.page.clone(),
            form: visit.form(app),
            client,
            provider,
            provider_name,
            known_as: known_as(newcomer),
            email,
            name,
            name_error,
            error,
            otherwise,
        })?,
        Meeting::Taken { email, may_displace } => visit.answer(&AccountExists {
            page: sender.page.clone(),
            form: visit.form(app),
            client,
            provider,
            provider_name,
            email,
            name: newcomer.name.clone().unwrap_or_default(),
            may_displace,
            error,
            otherwise,
        })?,
        Meeting::Closed => {
            let closed = PageError::from(Rejection::ProviderRegistrationClosed);
            return Err(closed.with(visit.onward_without_newcomer(app).await));
        }
    })
}

/// The question whether who is signed in and who came from the provider are one.
pub(in crate::http) async fn get_link(
    State(app): State<App>,
    Path(id): Path<String>,
    sender: Sender,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    let now = app.now();
    let visit = Visit::of_page(&app, &sender, raw.as_deref(), now).await?;
    question(&app, &sender, (visit, id), None, now).await
}

/// The answer.
pub(in crate::http) async fn post_link(
    State(app): State<App>,
    Path(id): Path<String>,
    form: CsrfForm,
) -> Result<Response, PageError> {
    let now = app.now();
    let visit = Visit::of_form(&app, &form, now).await?;
    let Some(newcomer) = visit.newcomer_of(&app, &id) else {
        return Ok(visit.without_newcomer(&app).resume(&app)?);
    };
    let standing = visit.standing(&app, &form.sender, now).await?;
    let (NextStep::Link, Some(sign_in)) = (standing.step, standing.sign_in) else { return Ok(visit.resume(&app)?) };
    let ticket = form.params.single("ticket")?;
    if let Err(rejection) = app.sign_ins.forms.check_consent(&visit.journey, &sign_in.id, ticket) {
        return question(&app, &form.sender, (visit, id), Some(rejection), now).await;
    }
    match form.params.single("decision")? {
        Some("link") => {
            let linked = app.sign_ins.link(&sign_in, &newcomer, &form.sender.browser, now).await;
            if let Err(error) = linked {
                return Err(PageError::from(error).with(visit.onward_without_newcomer(&app).await));
            }
        }
        Some("skip") => {}
        _ => return question(&app, &form.sender, (visit, id), Some(Rejection::MissingDecision), now).await,
    }
    Ok(visit.without_newcomer(&app).resume(&app)?)
}

async fn question(
    app: &App,
    sender: &Sender,
    (visit, id): (Visit, String),
    error: Option<Rejection>,
    now: Timestamp,
) -> Result<Response, PageError> {
    let Some(newcomer) = visit.newcomer_of(app, &id) else {
        return Ok(visit.without_newcomer(app).resume(app)?);
    };
    let standing = visit.standing(app, sender, now).await?;
    let (NextStep::Link, Some(sign_in)) = (standing.step, standing.sign_in) else { return Ok(visit.resume(app)?) };
    let refusal = error.map(Refusal::from);
    let page = visit.answer(&Link {
        page: sender.page.clone(),
        form: visit.form(app),
        ticket: app.sign_ins.forms.consent_ticket(&visit.journey, &sign_in.id),
        client: visit.asker(app).await?,
        provider_name: provider_name(app, &newcomer),
        known_as: known_as(&newcomer),
        provider: newcomer.provider,
        whose: sign_in.called().to_owned(),
        error: refusal.as_ref().map(Notice::from),
    })?;
    Ok(page_of(page, refusal))
}

/// Who somebody is at a provider, as they know it.
fn known_as(vouched: &Vouched) -> String {
    let email = vouched.email.as_ref().map(|email| email.address.clone());
    email.or(vouched.preferred_username.clone()).or(vouched.name.clone()).unwrap_or_else(|| vouched.subject.clone())
}

fn provider_name(app: &App, vouched: &Vouched) -> String {
    app.providers.get(&vouched.provider).map_or_else(|| vouched.provider.clone(), |provider| provider.name().to_owned())
}

impl Visit {
    /// Who came on this journey from the provider with this id, as long as that can be used. Whether they may make an account is said by the settings
    /// of now as well.
    fn newcomer_of(&self, app: &App, id: &str) -> Option<Vouched> {
        let provider = app.providers.get(id)?;
        let newcomer = self.journey.newcomer.as_deref().filter(|newcomer| newcomer.provider == id)?.clone();
        let register = provider.config().register;
        let may_register = newcomer.may_register && register == Register::Open;
        let may_accept = newcomer.may_accept && register != Register::Closed;
        Some(Vouched { may_register, may_accept, ..newcomer })
    }

    /// The visit on the journey as it was before the newcomer came.
    fn without_newcomer(self, app: &App) -> Self {
        let journey = self.journey.clone().without_newcomer();
        self.on(app, journey)
    }

    /// The way on for whom the provider was no help.
    async fn onward_without_newcomer(&self, app: &App) -> Onward {
        let sealed = self.sealed_without_newcomer(app);
        let again = Some(resume_at(app.issuer.base(), Some(&sealed)));
        Onward { application: application_of(app, &self.journey).await, again }
    }

    fn sealed_without_newcomer(&self, app: &App) -> String {
        let journey = self.journey.clone().without_newcomer();
        app.sign_ins.journeys.seal(&journey, self.browser())
    }
}
