//! Security keys: shown at the second step, where a code would do; added and taken away on the page of the passkeys (`passkeys.rs`).

use axum::extract::State;
use axum::response::Response;

use super::passkey_form::PasskeyForm;
use super::second_step::Shows;
use super::visit::Visit;
use super::{account, enrolled, passkeys, second_step};
use crate::app::App;
use crate::failure::Error;
use crate::http::endpoints::authorize::see_other;
use crate::http::error::PageError;
use crate::http::extract::CsrfForm;
use crate::protocol::journey::Action;
use crate::protocol::rejection::Rejection;
use crate::signin::ShownPasskey;

/// The answer of the browser at the second step.
pub(in crate::http) async fn show(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let now = app.now();
    let sender = &form.sender;
    let visit = Visit::of_form(&app, &form, now).await?;
    let shown = ShownPasskey::read(&form)?;
    let proof = (&sender.browser, visit.browser());
    match app.sign_ins.with_security_key(visit.journey.clone(), &shown, proof, now).await {
        Ok(progress) => Ok(visit.after(&app, sender, progress)?),
        Err(Error::Failed(failure)) => Err(failure.into()),
        Err(Error::Rejected(refusal)) => match visit.pending(&app, sender, now).await? {
            Some(pending) if pending.lack.is_there() => {
                let wrong = Some((Shows::SecurityKey, refusal));
                Ok(second_step::page(&app, (sender, &visit), pending, (wrong, false)).await?)
            }
            _ => Err(refusal.into()),
        },
    }
}

/// To the proof, and from there back to the page.
pub(in crate::http) async fn begin(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    refuse_if_off(&app)?;
    account::end(&app, &form, Action::AddSecurityKey).await
}

/// What the browser says of a new one.
pub(in crate::http) async fn add(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let now = app.now();
    let sender = &form.sender;
    refuse_if_off(&app)?;
    let Some(sign_in) = passkeys::owner(&app, sender, now).await? else {
        return Ok(see_other(&app.issuer.place("/login"))?);
    };
    let visit = Visit::of_form(&app, &form, now).await?.towards(&app, &sign_in, Action::AddSecurityKey, now);
    let new = PasskeyForm::read(&form)?;
    match app.sign_ins.add_security_key((visit.journey.clone(), visit.browser()), &new, &sender.browser, now).await {
        Ok(enrolled) => Ok(enrolled::on_the_account(&app, (sender, visit), enrolled, &Action::AddSecurityKey)?),
        Err(Error::Failed(failure)) => Err(failure.into()),
        // The proof has become too old: the page says so before a device is asked again.
        Err(Error::Rejected(refusal)) if refusal.rejection == Rejection::SignInNeeded => {
            Ok(see_other(&app.issuer.place("/account/passkeys"))?)
        }
        Err(Error::Rejected(refusal)) => Ok(passkeys::page(&app, (visit, sender), sign_in, Some(refusal), now).await?),
    }
}

/// Takes one away.
pub(in crate::http) async fn remove(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    passkeys::refuse_if_off(&app)?;
    let id = form.params.single("id")?.ok_or(Rejection::MissingChoice.of("id"))?.to_owned();
    account::end(&app, &form, Action::RemoveSecurityKey(id)).await
}

/// Where people have passkeys and second factors they add security keys.
fn refuse_if_off(app: &App) -> Result<(), Rejection> {
    passkeys::refuse_if_off(app)?;
    if app.sign_ins.has_second_factors() { Ok(()) } else { Err(Rejection::NoSuchPage) }
}
