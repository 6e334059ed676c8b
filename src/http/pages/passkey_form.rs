//! The form that asks a device for a new passkey, as it stands on each page where one is made (`passkey_fields.html`).

use crate::http::error::PageError;
use crate::http::extract::{CsrfForm, Sender};
use crate::protocol::device;
use crate::protocol::passkey::MAX_NAME;
use crate::signin::{NewPasskey, PasskeyRequest, ShownPasskey};

/// What it is filled with.
pub(super) struct PasskeyForm {
    /// What the browser is asked.
    pub request: PasskeyRequest,
    /// What the passkey is called when nobody says otherwise.
    pub suggested: String,
    /// How long its name may be, in characters.
    pub longest_name: usize,
}

impl ShownPasskey {
    /// What comes back with a form that asks for one.
    pub(super) fn read(form: &CsrfForm) -> Result<Self, PageError> {
        let given = |name| form.params.single(name).map(|value| value.unwrap_or_default().to_owned());
        Ok(Self { challenge: given("challenge")?, credential: given("credential")? })
    }
}

impl PasskeyForm {
    /// To ask this browser for that.
    pub fn new(request: PasskeyRequest, sender: &Sender) -> Self {
        let suggested = sender.page.device(&device::name(&sender.browser.user_agent));
        Self { request, suggested, longest_name: MAX_NAME }
    }

    /// What comes back with it.
    pub fn read(form: &CsrfForm) -> Result<NewPasskey, PageError> {
        let given = |name| form.params.single(name).map(|value| value.unwrap_or_default().to_owned());
        Ok(NewPasskey { challenge: given("challenge")?, credential: given("credential")?, name: given("name")? })
    }
}
