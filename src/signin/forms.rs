//! What our forms carry so that nobody else can make them: MACs over the browser cookie (RFC 6749 §10.12).

use crate::protocol::journey::Journey;
use crate::protocol::rejection::Rejection;
use crate::sealing::MasterKey;
use crate::secret::{MacKey, Secret};

/// Makes and checks form tokens.
#[derive(Debug)]
pub struct Forms {
    csrf: MacKey,
    consent: MacKey,
}

impl Forms {
    pub(super) fn new(master: &MasterKey) -> Self {
        Self { csrf: master.mac_key("forms"), consent: master.mac_key("consent tickets") }
    }

    /// The token that every form of this browser carries.
    pub fn token(&self, browser: &Secret) -> String {
        self.csrf.sign(&[browser.expose().as_bytes()])
    }

    /// Checks the token of a form.
    ///
    /// # Errors
    /// [`Rejection::CookiesBlocked`] when the browser brought no cookie along; [`Rejection::ForgedForm`].
    pub fn check(&self, browser: &[Secret], token: Option<&str>) -> Result<(), Rejection> {
        if browser.is_empty() {
            return Err(Rejection::CookiesBlocked);
        }
        let fits = |token: &str| browser.iter().any(|one| self.csrf.verify(&[one.expose().as_bytes()], token));
        if token.is_some_and(fits) { Ok(()) } else { Err(Rejection::ForgedForm) }
    }

    /// The ticket of a consent form: this person, in this sign-in, for this request.
    pub fn consent_ticket(&self, journey: &Journey, sign_in_id: &str) -> String {
        self.consent.sign(&[journey.request_id().as_bytes(), sign_in_id.as_bytes()])
    }

    /// Checks the ticket of a consent form.
    ///
    /// # Errors
    /// [`Rejection::ConsentOfAnother`].
    pub fn check_consent(&self, journey: &Journey, sign_in_id: &str, ticket: Option<&str>) -> Result<(), Rejection> {
        let parts: [&[u8]; 2] = [journey.request_id().as_bytes(), sign_in_id.as_bytes()];
        if ticket.is_some_and(|ticket| self.consent.verify(&parts, ticket)) {
            Ok(())
        } else {
            Err(Rejection::ConsentOfAnother)
        }
    }
}
