//! The error codes, each with its HTTP status: the one table of both.

macro_rules! codes {
    ($($name:ident: $wire:literal, $status:literal, $source:literal;)+) => {
        /// An error code of OAuth 2.0, OpenID Connect or, in the last group, of our own pages. The doc of each is its source.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $(#[doc = $source] $name,)+
        }

        impl ErrorCode {
            /// The code as it stands on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $wire,)+ }
            }

            /// The HTTP status of an answer that carries the code, unless it travels by a redirect.
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)+ }
            }
        }
    };
}

codes! {
    // The authorization endpoint, and the endpoints of clients.
    InvalidRequest: "invalid_request", 400, "RFC 6749 §4.1.2.1 and §5.2.";
    InvalidClient: "invalid_client", 401, "RFC 6749 §5.2.";
    InvalidGrant: "invalid_grant", 400, "RFC 6749 §5.2.";
    UnauthorizedClient: "unauthorized_client", 400, "RFC 6749 §4.1.2.1 and §5.2.";
    UnsupportedGrantType: "unsupported_grant_type", 400, "RFC 6749 §5.2.";
    InvalidScope: "invalid_scope", 400, "RFC 6749 §4.1.2.1 and §5.2.";
    InvalidTarget: "invalid_target", 400, "RFC 8707 §2.";
    AccessDenied: "access_denied", 400, "RFC 6749 §4.1.2.1.";
    UnsupportedResponseType: "unsupported_response_type", 400, "RFC 6749 §4.1.2.1.";
    LoginRequired: "login_required", 400, "OpenID Connect Core §3.1.2.6.";
    ConsentRequired: "consent_required", 400, "OpenID Connect Core §3.1.2.6.";
    UnmetAuthenticationRequirements: "unmet_authentication_requirements", 400, "OpenID Connect Core Error Code unmet_authentication_requirements §2.";
    RequestNotSupported: "request_not_supported", 400, "OpenID Connect Core §3.1.2.6.";
    RequestUriNotSupported: "request_uri_not_supported", 400, "OpenID Connect Core §3.1.2.6.";
    RegistrationNotSupported: "registration_not_supported", 400, "OpenID Connect Core §3.1.2.6.";

    // Any endpoint.
    TooManyRequests: "too_many_requests", 429, "RFC 6585 §4; no specification of OAuth has a code for it.";

    // Access tokens.
    InvalidToken: "invalid_token", 401, "RFC 6750 §3.1.";
    InsufficientScope: "insufficient_scope", 403, "RFC 6750 §3.1.";

    // Sign-in through providers.
    UpstreamUnavailable: "upstream_unavailable", 400, "A provider does not answer, or not as it should.";
    UpstreamDenied: "upstream_denied", 400, "The person, or the provider, did not go on there.";
    UpstreamRefused: "upstream_refused", 400, "The provider refused, or what it vouches for is not let in here.";
    UpstreamAnswer: "upstream_answer", 400, "A provider's answer that cannot be relied on.";

    // Our own pages.
    InvalidForm: "invalid_form", 400, "A page's form cannot be taken as it was sent.";
    InvalidCredentials: "invalid_credentials", 400, "An e-mail address and password that do not go together.";
    TooManyAttempts: "too_many_attempts", 429, "Too many attempts.";
    NotFound: "not_found", 404, "There is no such page.";
    MethodNotAllowed: "method_not_allowed", 405, "The page does not answer to this method.";
    MisdirectedRequest: "misdirected_request", 421, "The server does not answer to this host name.";
}
