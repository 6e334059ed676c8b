//! When it proves who somebody is that they read the mailbox of an account: by itself, where people sign in so, or beside what they have proved
//! otherwise.
//!
//! A mail is never to be a quieter way into an account than those that there are: where a mail gives the whole account anyway, a new password to
//! whoever has none, a code from there may as well confirm what its signed-in person does. Who has a password types that.

use super::user::{EmailAuthority, User};

/// What mail is good for in this installation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Powers {
    /// Whether any can be sent.
    pub is_on: bool,
    /// Whether people have passwords, so that a mail gives whoever reads it a new one.
    pub resets: bool,
    /// Whether people sign in by a mail alone.
    pub signs_in: bool,
}

/// Whether the address of this account is a way into it that its person can count on: one that was proved. A mail to any other address opens the
/// account as well, and proves it ([`is_first_proof`]); but who knows whose it is?
pub fn is_way_in(powers: Powers, user: &User) -> bool {
    powers.is_on && powers.signs_in && user.email.is_some() && user.email_verified
}

/// Whether somebody who reads a mail to the address of this account is the first to show that it is theirs. Then none of what the account has was
/// put there by whom it belongs to for sure: whoever made it has perhaps only typed the address, or told it to a provider that believes everybody
/// (arXiv 2205.10174, pre-hijacking). What an operator gave is the operator's word.
pub fn is_first_proof(user: &User) -> bool {
    match user.email_authority {
        EmailAuthority::Nobody | EmailAuthority::Provider => true,
        EmailAuthority::Unknown => !user.email_verified,
        EmailAuthority::Authority | EmailAuthority::Operator | EmailAuthority::Mail => false,
    }
}

/// Whether a code that was sent to the address of this account confirms that it is its person who does something sensitive in a browser that is
/// signed in to it. `tells_when` says whether one of the linked providers can be asked for a fresh proof: where none can, going there proves
/// no more than that a browser is signed in there as well. Where people sign in by mail, a mail is as good a proof as any.
///
/// The address is the one that the account has when the code is typed. To change it is itself sensitive: nobody confirms anything by an address
/// that they have just put there without a proof.
pub fn proves_afresh(powers: Powers, user: &User, has_password: bool, tells_when: bool) -> bool {
    let is_theirs = user.email.is_some() && user.email_verified && user.is_usable();
    let gives_no_more = powers.signs_in || if powers.resets { !has_password } else { !tells_when };
    powers.is_on && is_theirs && gives_no_more
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::protocol::user::{EmailAuthority, MadeBy};

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn user(email: Option<&str>, email_verified: bool) -> User {
        User {
            email: email.map(str::to_owned),
            email_verified,
            email_authority: EmailAuthority::Provider,
            ..User::new("u".into(), MadeBy::Upstream, NOW)
        }
    }

    #[test]
    fn a_mail_confirms_what_it_could_give_anyway_to_a_proved_address_alone() {
        let ann = user(Some("ann@example.org"), true);
        for (is_on, resets, has_password, tells_when, expected) in [
            // Where people have passwords, whoever has none can have one by mail.
            (true, true, false, false, true),
            (true, true, false, true, true),
            (true, true, true, false, false),
            (true, true, true, true, false),
            // Where nobody has one, a mail gives nothing: it counts where nothing better does.
            (true, false, false, false, true),
            (true, false, false, true, false),
            // One from before passwords were switched off is none.
            (true, false, true, false, true),
            (false, true, false, false, false),
            (false, false, false, false, false),
        ] {
            let powers = Powers { is_on, resets, signs_in: false };
            let case = (powers, has_password, tells_when);
            assert_eq!(proves_afresh(powers, &ann, has_password, tells_when), expected, "{case:?}");
            for nobodys in [
                user(None, false),
                user(Some("ann@example.org"), false),
                User { disabled_at: Some(NOW), ..ann.clone() },
            ] {
                assert!(!proves_afresh(powers, &nobodys, has_password, tells_when), "{nobodys:?}");
            }
            let by_mail = Powers { signs_in: true, ..powers };
            assert_eq!(proves_afresh(by_mail, &ann, has_password, tells_when), is_on, "{case:?}");
            assert_eq!(is_way_in(by_mail, &ann), is_on);
            assert!(
                !is_way_in(by_mail, &user(Some("ann@example.org"), false)) && !is_way_in(by_mail, &user(None, false))
            );
            assert!(!is_way_in(powers, &ann));
        }
    }

    #[test]
    fn whoever_is_the_first_to_show_that_an_address_is_theirs_is_told_from_those_who_have_before() {
        use EmailAuthority as By;
        for (by, is_first) in [
            (By::Nobody, [true, true]),
            (By::Provider, [true, true]),
            (By::Unknown, [true, false]),
            (By::Authority, [false, false]),
            (By::Operator, [false, false]),
            (By::Mail, [false, false]),
        ] {
            for (email_verified, expected) in [(false, is_first[0]), (true, is_first[1])] {
                let user = User { email_authority: by, ..user(Some("ann@example.org"), email_verified) };
                assert_eq!(is_first_proof(&user), expected, "{by} {email_verified}");
            }
        }
    }
}
