//! A passkey that was shown on any page which asks for one: the sign-in page, the second step, the question before something sensitive. It goes on from
//! there, or back to that page with what was wrong.

use axum::extract::State;
use axum::response::Response;

use super::second_step::Shows;
use super::visit::Visit;
use super::{account, login, second_step};
use crate::app::App;
use crate::failure::Error;
use crate::http::error::PageError;
use crate::http::extract::CsrfForm;
use crate::protocol::journey::Goal;
use crate::protocol::next_step::NextStep;
use crate::signin::ShownPasskey;

/// The answer of the browser.
pub(in crate::http) async fn post(State(app): State<App>, form: CsrfForm) -> Result<Response, PageError> {
    let now = app.now();
    let sender = &form.sender;
    let visit = Visit::of_form(&app, &form, now).await?;
    let shown = ShownPasskey::read(&form)?;
    let proof = (&sender.browser, visit.browser());
    let refusal = match app.sign_ins.with_passkey(visit.journey.clone(), &shown, proof, now).await {
        Ok(progress) => return Ok(visit.after(&app, sender, progress)?),
        Err(Error::Failed(failure)) => return Err(failure.into()),
        Err(Error::Rejected(refusal)) => refusal,
    };
    if !app.sign_ins.has_passkeys() {
        return Err(refusal.into());
    }
    if let Some(pending) = visit.pending(&app, sender, now).await?.filter(|pending| pending.lack.is_there()) {
        return Ok(second_step::page(&app, (sender, &visit), pending, (Some((Shows::Passkey, refusal)), false)).await?);
    }
    let standing = visit.standing(&app, sender, now).await?;
    if let (Goal::Confirm { .. }, Some(sign_in)) = (&visit.journey.goal, &standing.sign_in) {
        let whose = sign_in.called().to_owned();
        return Ok(account::question(&app, sender, &visit, (whose, Some(refusal))).await?);
    }
    let again = standing.sign_in.filter(|_| standing.step == NextStep::Reauthenticate);
    Ok(login::refused(&app, (sender, &visit), again.as_ref(), refusal).await?)
}
