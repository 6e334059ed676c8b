//! What follows when somebody has set up a second factor: the recovery codes that came with it, which are seen this once, and then where they wanted to go.

use axum::response::{IntoResponse, Response};

use super::recovery_codes;
use super::visit::Visit;
use crate::app::App;
use crate::failure::Failure;
use crate::http::endpoints::authorize::{second_step, see_other};
use crate::http::extract::Sender;
use crate::protocol::journey::Action;
use crate::signin::{Enrolled, Progress};

/// On from a page of the way somewhere.
pub(super) fn on_the_way(
    app: &App,
    (sender, visit): (&Sender, Visit),
    enrolled: Enrolled,
) -> Result<Response, Failure> {
    match enrolled {
        Enrolled { progress: Progress::SignedIn(cookie), codes: Some(codes), whose } => {
            let cookies = (sender.cookies.signed_in(&cookie), sender.cookies.known(&cookie));
            let visit = visit.signed_in(app);
            let page = recovery_codes::shown(app, (&visit, sender), (&codes, whose), &visit.onward())?;
            Ok((cookies.0, cookies.1, page).into_response())
        }
        // One that will not do where they are going, and the codes came with it.
        Enrolled { progress: Progress::Underway(journey, Some(lack)), codes: Some(codes), whose } => {
            let visit = visit.on(app, *journey);
            let onward = format!("{}?request={}", second_step(lack), visit.sealed.as_deref().unwrap_or_default());
            recovery_codes::shown(app, (&visit, sender), (&codes, whose), &onward)
        }
        Enrolled { progress, .. } => visit.after(app, sender, progress),
    }
}

/// Back to the account, whose page says that this was done.
pub(super) fn on_the_account(
    app: &App,
    (sender, visit): (&Sender, Visit),
    enrolled: Enrolled,
    action: &Action,
) -> Result<Response, Failure> {
    let Enrolled { progress: Progress::SignedIn(cookie), codes, whose } = enrolled else {
        return on_the_way(app, (sender, visit), enrolled);
    };
    let cookies = (sender.cookies.signed_in(&cookie), sender.cookies.known(&cookie));
    let answer = match codes {
        Some(codes) => recovery_codes::shown(app, (&visit, sender), (&codes, whose), "/account")?,
        None => (sender.cookies.done(action), see_other(&app.issuer.place("/account"))?).into_response(),
    };
    Ok((cookies.0, cookies.1, answer).into_response())
}
