//! Every refusal by rule, one variant each, with its code, its public words and the rule it comes from. One file for each [`Audience`],
//! which says how its refusals are shown.
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
#[macro_use]
mod upstream;

/// Whom a refusal is said to; each has a file of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Whoever sends a request.
    Request,
    /// A client that asks for an authorization.
    Authorization,
    /// A client at the endpoints that authenticate it.
    Token,
    /// A person in a browser.
    Pages,
    /// Whoever presents an access token.
    Bearer,
    /// Whoever registers or changes something.
    Registry,
}

impl Audience {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Request, Self::Authorization, Self::Token, Self::Pages, Self::Bearer, Self::Registry];

    /// Who it is, in words, and how refusals are shown to them.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Request => ("Whoever sends a request", "what fits the endpoint"),
            Self::Authorization => (
                "A client that asks for an authorization",
                "a page until the redirect URI is verified, then a redirect",
            ),
            Self::Token => ("A client at the endpoints that authenticate it", "JSON (RFC 6749 §5.2)"),
            Self::Pages => ("A person in a browser", "a page"),
            Self::Bearer => ("Whoever presents an access token", "a challenge (RFC 6750 §3) and JSON"),
            Self::Registry => ("Whoever registers or changes something", "the words, beside the field"),
        }
    }
}

macro_rules! rejections {
    ($($audience:ident { $($name:ident: $code:ident $($status:literal)?, $source:literal, $words:literal;)+ })+) => {
        /// A refusal by rule. The doc of each variant is its source and its public words.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Rejection {
            $($(#[doc = concat!($source, ": ", $words)] $name,)+)+
        }

        impl Rejection {
            /// All of them, audience by audience.
            pub const ALL: &'static [Self] = &[$($(Self::$name),+),+];

            /// The error code.
            pub const fn code(self) -> ErrorCode {
                match self { $($(Self::$name => ErrorCode::$code,)+)+ }
            }

            /// The HTTP status: the code's, unless the row has one of its own.
            pub const fn status(self) -> u16 {
                let own: &[u16] = match self { $($(Self::$name => &[$($status)?],)+)+ };
                match own {
                    [status, ..] => *status,
                    [] => self.code().status(),
                }
            }

            /// The public words: printable ASCII without `"` and `\` (RFC 6749 §5.2).
            pub const fn description(self) -> &'static str {
                match self { $($(Self::$name => $words,)+)+ }
            }

            /// The rule's source.
            pub const fn source(self) -> &'static str {
                match self { $($(Self::$name => $source,)+)+ }
            }

            /// The private reason: the variant's name.
            pub const fn reason(self) -> &'static str {
                match self { $($(Self::$name => stringify!($name),)+)+ }
            }

            /// Whom it is said to.
            pub const fn audience(self) -> Audience {
                match self { $($(Self::$name => Audience::$audience,)+)+ }
            }
        }
    };
}

gather! { [request authorization token pages upstream bearer registry] }

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
            // Whoever meets a challenge knows its words from RFC 6750 §3.
            let is_sentence = rejection.audience() != Audience::Bearer;
            assert_eq!(words.ends_with(['.', ')']), is_sentence, "{rejection:?}");
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
