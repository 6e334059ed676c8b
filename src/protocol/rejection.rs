//! Every refusal by rule, one variant each, with its code, its public words and the rule it comes from. One file for each audience, which
//! says how its refusals are shown:
//!
//! | audience | file | shown as |
//! | --- | --- | --- |
//! | whoever sends a request | `request.rs` | what fits the endpoint |
//! | a client that asks for an authorization | `authorization.rs` | a page until the target is verified, then a redirect |
//! | a client at the endpoints that authenticate it | `token.rs` | JSON |
//! | a person in a browser | `pages.rs` | a page |
//! | whoever presents an access token | `bearer.rs` | a challenge |
//! | whoever registers or changes something | `registry.rs` | beside the field |
//!
//! The words go on the wire and never hold input; the variant's name is the private reason: it travels in response extensions
//! to the log line and to the tests, and is never sent. What else may be said of a refusal is its [`Detail`].

use std::fmt;

mod code;
mod refusal;

pub use code::ErrorCode;
pub use refusal::{Detail, Refusal};

/// Puts the rows of the audiences, one table after the other, into the one closed enum.
macro_rules! gather {
    ([$table:ident $($others:ident)*] $($rows:tt)*) => { $table! { [$($others)*] $($rows)* } };
    ([] $($rows:tt)*) => { rejections! { $($rows)* } };
}

#[macro_use]
mod authorization;
#[macro_use]
mod bearer;
#[macro_use]
mod pages;
#[macro_use]
mod registry;
#[macro_use]
mod request;
#[macro_use]
mod token;

macro_rules! rejections {
    ($($name:ident: $code:ident $($status:literal)?, $source:literal, $words:literal;)+) => {
        /// A refusal by rule. The doc of each variant is its source and its public words.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Rejection {
            $(#[doc = concat!($source, ": ", $words)] $name,)+
        }

        impl Rejection {
            /// All of them, audience by audience.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The error code.
            pub const fn code(self) -> ErrorCode {
                match self { $(Self::$name => ErrorCode::$code,)+ }
            }

            /// The HTTP status: the code's, unless the row has one of its own.
            pub const fn status(self) -> u16 {
                let own: &[u16] = match self { $(Self::$name => &[$($status)?],)+ };
                match own {
                    [status, ..] => *status,
                    [] => self.code().status(),
                }
            }

            /// The public words: printable ASCII without `"` and `\` (RFC 6749 §5.2).
            pub const fn description(self) -> &'static str {
                match self { $(Self::$name => $words,)+ }
            }

            /// The rule's source.
            pub const fn source(self) -> &'static str {
                match self { $(Self::$name => $source,)+ }
            }

            /// The private reason: the variant's name.
            pub const fn reason(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)+ }
            }
        }
    };
}

gather! { [request authorization token pages bearer registry] }

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.description())
    }
}

impl std::error::Error for Rejection {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_words_fit_an_error_description() {
        for rejection in Rejection::ALL {
            let words = rejection.description();
            assert!(words.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'"' && b != b'\\'), "{rejection:?}");
            assert!(words.ends_with(['.', ')']), "{rejection:?}");
        }
    }

    #[test]
    fn every_rejection_has_a_status_of_a_refusal() {
        for rejection in Rejection::ALL {
            assert!((400..500).contains(&rejection.status()), "{rejection:?}");
        }
        assert_eq!((Rejection::BodyTooLarge.status(), Rejection::BodyUnreadable.status()), (413, 400));
    }
}
