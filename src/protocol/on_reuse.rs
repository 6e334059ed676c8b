//! What ends when a refresh token is reused, that is, when two parties hold copies of it (RFC 9700 §4.14.2).
//!
//! One application that a person has consented to must not be able to sign that person out of the others, so only the operator's own
//! applications end everything, unless the operator has said otherwise of one.

use super::client::Client;
use super::named::named;

/// What ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnReuse {
    /// Every sign-in and grant of the user.
    User,
    /// The grant that the token belongs to.
    Grant,
}

named!(OnReuse { User = "user", Grant = "grant" });

impl OnReuse {
    /// What the reuse of a token of this client ends; `preset` is that of the operator's own.
    pub fn of(client: &Client, preset: Self) -> Self {
        let usual = if client.first_party { preset } else { Self::Grant };
        client.metadata.on_reuse.unwrap_or(usual)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::protocol::client::ClientType;

    #[test]
    fn only_what_is_the_operators_own_or_was_told_to_ends_everything() {
        let of = |first_party: bool, own: Option<OnReuse>, preset: OnReuse| {
            let mut client = Client::new("c".into(), ClientType::Web, Timestamp::from_seconds(0));
            client.first_party = first_party;
            client.metadata.on_reuse = own;
            OnReuse::of(&client, preset)
        };
        assert_eq!(of(false, None, OnReuse::User), OnReuse::Grant);
        assert_eq!(of(true, None, OnReuse::User), OnReuse::User);
        assert_eq!(of(true, None, OnReuse::Grant), OnReuse::Grant);
        assert_eq!(of(true, Some(OnReuse::Grant), OnReuse::User), OnReuse::Grant);
        assert_eq!(of(false, Some(OnReuse::User), OnReuse::Grant), OnReuse::User);
    }
}
