//! Making recovery codes, and handing them to the browser that is to keep them: the database has only what makes them checkable.

use zeroize::Zeroizing;

use super::second_step::checkable;
use super::{Browser, SignIns};
use crate::clock::Timestamp;
use crate::failure::{Error, Failure};
use crate::protocol::audit::{Act, Event, Name, Noun};
use crate::protocol::journey::{Action, Goal, Journey};
use crate::protocol::next_step::NextStep;
use crate::protocol::proof::Kind;
use crate::protocol::recovery_code::RecoveryCode;
use crate::protocol::rejection::Rejection;
use crate::protocol::second_factor::{FactorKind, RECOVERY_CODES};
use crate::protocol::sign_in::SignIn;
use crate::random;
use crate::secret::{Secret, base64url, from_base64url};
use crate::storage::{NewFactor, ProvedBy, Transaction};

/// Why what the former codes gave ends.
const NEW_CODES: &str = "new recovery codes";

impl SignIns {
    /// Makes recovery codes for whoever is signed in and has just proved that it is them, in the place of the former ones. What was signed in by one of those
    /// elsewhere, and what it allowed applications, ends.
    ///
    /// # Errors
    /// [`Rejection::SignInNeeded`] when the proof is not fresh, or the sign-in has ended; [`Rejection::NoSuchPage`] for an account without a second
    /// factor; a failure when the database fails.
    pub async fn make_recovery_codes(
        &self,
        (journey, sign_in): (&Journey, SignIn),
        browser: &Browser,
        now: Timestamp,
    ) -> Result<Vec<RecoveryCode>, Error> {
        let is_goal = matches!(journey.goal, Goal::Confirm { action: Action::MakeRecoveryCodes, .. });
        match self.standing_of(journey, Some(sign_in.clone()), now).await?.step {
            NextStep::Finish if is_goal => {}
            NextStep::Refuse(rejection) => return Err(rejection.into()),
            _ => return Err(Rejection::SignInNeeded.into()),
        }
        let user_id = sign_in.user_id.as_str();
        let mut transaction = self.storage.begin().await?;
        transaction.hold_user(user_id).await?;
        if !self.is_live(&mut transaction, &sign_in, browser, now).await? {
            return Err(Rejection::SignInNeeded.into());
        }
        if !transaction.guards(user_id).await?.are_any(self.has_passkeys()) {
            return Err(Rejection::NoSuchPage.into());
        }
        let act = browser.act(user_id, now);
        // Whoever has used one of the former used what is worth nothing now: elsewhere it goes no further, whether they are through or not.
        transaction.end_what_is_pending(user_id).await?;
        let by_code = (ProvedBy::Kind(Kind::RecoveryCode), Some(sign_in.id.as_str()));
        transaction.end_all_by(user_id, by_code, NEW_CODES, &act).await?;
        let codes = self.keep_codes(&mut transaction, (user_id, false), &act).await?;
        transaction.commit().await?;
        Ok(codes)
    }

    /// Makes and keeps a set of recovery codes; `first` ones come with the first second factor.
    pub(super) async fn keep_codes(
        &self,
        transaction: &mut Transaction,
        (user_id, first): (&str, bool),
        act: &Act,
    ) -> Result<Vec<RecoveryCode>, Failure> {
        let (id, key) = (random::id(), Zeroizing::new(random::bytes::<32>()));
        let new = NewFactor {
            id: &id,
            user_id,
            kind: FactorKind::RecoveryCodes,
            secret: key.as_slice(),
            last_step: 0,
            at: act.at,
        };
        transaction.keep_factor(&self.factors.seal, &new).await?;
        let codes: Vec<RecoveryCode> = (0..RECOVERY_CODES).map(|_| random::recovery_code()).collect();
        for mac in codes.iter().filter_map(|code| checkable(key.as_slice(), code)) {
            transaction.keep_recovery_code(&id, &mac).await?;
        }
        let event = Event::of(act, Name::RecoveryCodesMade).on(Noun::User, user_id);
        transaction.record(&event.with("first", first)).await?;
        Ok(codes)
    }

    /// Recovery codes that are being shown, as the form brings them back that saves them: the database does not have them.
    pub fn seal_codes(&self, codes: &[RecoveryCode], cookie: &Secret) -> String {
        let text: Vec<String> = codes.iter().map(RecoveryCode::expose).collect();
        let text = Zeroizing::new(text.join("\n"));
        base64url(&self.factors.codes.seal(cookie.hash().as_bytes(), text.as_bytes()))
    }

    /// The codes of such a form, one a line; `None` when they were not shown in this browser.
    pub fn open_codes(&self, sealed: &str, cookie: &Secret) -> Option<Zeroizing<String>> {
        let plain = self.factors.codes.open(cookie.hash().as_bytes(), &from_base64url(sealed)?)?;
        String::from_utf8(plain.to_vec()).ok().map(Zeroizing::new)
    }
}
