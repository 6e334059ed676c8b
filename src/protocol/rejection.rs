//! Every refusal by rule, one variant each, with its code, its public words and the rule it comes from.
//!
//! The words go on the wire and never hold input; the variant's name is the private reason: it travels in response extensions
//! to the log line and to the tests, and is never sent. `http/error.rs` alone knows the HTTP status.

use std::fmt;

/// An error code of OAuth 2.0, OpenID Connect or, in the last group, of our own pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// RFC 6749 §4.1.2.1 and §5.2.
    InvalidRequest,
    /// RFC 6749 §5.2.
    InvalidClient,
    /// RFC 6749 §5.2.
    InvalidGrant,
    /// RFC 6749 §4.1.2.1 and §5.2.
    UnauthorizedClient,
    /// RFC 6749 §5.2.
    UnsupportedGrantType,
    /// RFC 6749 §4.1.2.1 and §5.2.
    InvalidScope,
    /// RFC 8707 §2.
    InvalidTarget,
    /// RFC 6749 §4.1.2.1.
    AccessDenied,
    /// RFC 6749 §4.1.2.1.
    UnsupportedResponseType,
    /// OpenID Connect Core §3.1.2.6.
    LoginRequired,
    /// OpenID Connect Core §3.1.2.6.
    ConsentRequired,
    /// OpenID Connect Core Error Code unmet_authentication_requirements §2.
    UnmetAuthenticationRequirements,
    /// OpenID Connect Core §3.1.2.6.
    RequestNotSupported,
    /// OpenID Connect Core §3.1.2.6.
    RequestUriNotSupported,
    /// OpenID Connect Core §3.1.2.6.
    RegistrationNotSupported,
    /// RFC 6750 §3.1.
    InvalidToken,
    /// RFC 6750 §3.1.
    InsufficientScope,
    /// A page's form cannot be taken as it was sent.
    InvalidForm,
    /// An e-mail address and password that do not go together.
    InvalidCredentials,
    /// Too many attempts.
    TooManyAttempts,
    /// There is no such page.
    NotFound,
    /// The page does not answer to this method.
    MethodNotAllowed,
    /// The server does not answer to this host name.
    MisdirectedRequest,
}

impl ErrorCode {
    /// The code as it stands on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::AccessDenied => "access_denied",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::UnmetAuthenticationRequirements => "unmet_authentication_requirements",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::RegistrationNotSupported => "registration_not_supported",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::InvalidForm => "invalid_form",
            Self::InvalidCredentials => "invalid_credentials",
            Self::TooManyAttempts => "too_many_attempts",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::MisdirectedRequest => "misdirected_request",
        }
    }
}

macro_rules! rejections {
    ($($name:ident: $code:ident, $source:literal, $words:literal;)+) => {
        /// A refusal by rule. The doc of each variant is its source and its public words.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Rejection {
            $(#[doc = concat!($source, ": ", $words)] $name,)+
        }

        impl Rejection {
            /// All of them, in the order of this file.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The error code.
            pub const fn code(self) -> ErrorCode {
                match self { $(Self::$name => ErrorCode::$code,)+ }
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

rejections! {
    // How any request must be written.
    MalformedParameters: InvalidRequest, "RFC 6749 Appendix B", "The parameters are not valid form encoding of UTF-8 text without control characters.";
    RepeatedParameter: InvalidRequest, "RFC 6749 §3.1", "A parameter is given more than once.";
    WrongContentType: InvalidRequest, "RFC 6749 §3.2", "The content type must be application/x-www-form-urlencoded.";
    BodyTooLarge: InvalidRequest, "OWASP ASVS 4.1", "The request body is longer than 65536 bytes.";
    BodyUnreadable: InvalidRequest, "RFC 9112 §6", "The request body ended before it was complete.";
    RequestTooLong: InvalidRequest, "RFC 6749 §3.1", "The authorization request is longer than 4096 bytes.";
    NoSuchPage: NotFound, "RFC 9110 §15.5.5", "There is no page at this address.";
    WrongMethod: MethodNotAllowed, "RFC 9110 §15.5.6", "This address does not answer to this method.";
    WrongHost: MisdirectedRequest, "RFC 9110 §15.5.20", "This server does not answer to this host name.";

    // Who asks at the authorization endpoint, and where the answer may go: shown as a page, never redirected.
    MissingClientId: InvalidRequest, "RFC 6749 §4.1.1", "client_id is missing.";
    UnknownClient: InvalidRequest, "RFC 6749 §4.1.2.1", "client_id names no application that is registered here.";
    DisabledClient: InvalidRequest, "RFC 6749 §4.1.2.1", "client_id names no application that is registered here. (It may have been switched off.)";
    MissingRedirectUri: InvalidRequest, "OpenID Connect Core §3.1.2.1", "redirect_uri is missing.";
    UnregisteredRedirectUri: InvalidRequest, "RFC 9700 §4.1.3", "redirect_uri is not one of those registered for this application.";

    // The authorization request itself: redirected.
    MissingResponseType: InvalidRequest, "RFC 6749 §3.1.1", "response_type is missing.";
    WrongResponseType: UnsupportedResponseType, "RFC 6749 §3.1.1", "response_type must be code.";
    WrongResponseMode: InvalidRequest, "OAuth 2.0 Multiple Response Types §2.1", "response_mode is not supported.";
    RequestObject: RequestNotSupported, "OpenID Connect Core §6.1", "The request parameter is not supported.";
    RequestObjectByReference: RequestUriNotSupported, "OpenID Connect Core §6.2", "The request_uri parameter is not supported.";
    RegistrationParameter: RegistrationNotSupported, "OpenID Connect Core §7.2.1", "The registration parameter is not supported.";
    ClientMayNotAuthorize: UnauthorizedClient, "RFC 6749 §4.1.2.1", "This application may not use the authorization code flow.";
    MissingCodeChallenge: InvalidRequest, "RFC 7636 §4.4.1", "code_challenge is missing: PKCE is required.";
    MalformedCodeChallenge: InvalidRequest, "RFC 7636 §4.2", "code_challenge must be 43 base64url characters.";
    WrongChallengeMethod: InvalidRequest, "RFC 7636 §4.4.1", "code_challenge_method must be S256.";
    MalformedPrompt: InvalidRequest, "OpenID Connect Core §3.1.2.1", "prompt is not a list of known values.";
    ContradictoryPrompt: InvalidRequest, "OpenID Connect Core §3.1.2.1", "prompt joins none with another value.";
    MalformedMaxAge: InvalidRequest, "OpenID Connect Core §3.1.2.1", "max_age must be a whole number of seconds.";
    MalformedClaims: InvalidRequest, "OpenID Connect Core §5.5", "claims must be a small JSON object with the members userinfo and id_token.";
    SignInNeeded: LoginRequired, "OpenID Connect Core §3.1.2.6", "The person must sign in, and prompt=none forbids to ask.";
    AnotherPersonExpected: LoginRequired, "OpenID Connect Core §3.1.2.1", "The person who is signed in is not the one that the request names.";
    ClassNotMet: UnmetAuthenticationRequirements, "OpenID Connect Core §5.5.1.1", "The person did not or cannot authenticate in the way that the essential acr asks for.";
    ConsentNeeded: ConsentRequired, "OpenID Connect Core §3.1.2.6", "The person must consent, and prompt=none forbids to ask.";
    ConsentDenied: AccessDenied, "RFC 6749 §4.1.2.1", "The person denied the request.";

    // Scopes and resources.
    MalformedScope: InvalidScope, "RFC 6749 §3.3", "scope is not a list of scope tokens.";
    UnknownScope: InvalidScope, "RFC 6749 §3.3", "scope names a scope that does not exist here.";
    ScopeNotAllowed: InvalidScope, "RFC 6749 §3.3", "scope names a scope that this application may not ask for.";
    MalformedResource: InvalidTarget, "RFC 8707 §2", "resource must be an absolute URI without a fragment.";
    UnknownResource: InvalidTarget, "RFC 8707 §2", "resource names no API that is registered here.";
    ResourceNotAllowed: InvalidTarget, "RFC 8707 §2", "resource names an API that this application may not ask for.";
    ResourceNotGranted: InvalidTarget, "RFC 8707 §2.2", "resource names an API that was not granted.";
    SeveralResources: InvalidTarget, "RFC 8707 §2.2", "One access token has one audience: name one resource.";

    // The sealed request and the forms between the authorization request and its answer.
    ForgedPendingRequest: InvalidForm, "RFC 9700 §4.7.1", "The sign-in request is not one that this server made. Go back to the application and start again.";
    ForeignPendingRequest: InvalidForm, "RFC 9700 §4.7.1", "The sign-in was started in another browser. Go back to the application and start again.";
    ExpiredPendingRequest: InvalidForm, "RFC 9700 §4.7.1", "The sign-in was started more than ten minutes ago. Go back to the application and start again.";
    ReplayedPendingRequest: InvalidForm, "RFC 9700 §4.7.1", "This sign-in is complete already. Go back to the application and start again.";
    MissingPendingRequest: InvalidForm, "RFC 9700 §4.7.1", "The form belongs to no sign-in request. Go back to the application and start again.";
    ForgedForm: InvalidForm, "RFC 6749 §10.12", "The form was not made by this server for this browser. Load the page again; cookies must be allowed.";
    CrossOriginForm: InvalidForm, "RFC 6749 §10.12", "The form was sent from another site.";
    ConsentOfAnother: InvalidForm, "RFC 6749 §10.12", "The form was shown to another person or for another request. Go back to the application and start again.";
    MissingChoice: InvalidForm, "RFC 6749 §3.1", "The form does not say what to end.";
    MissingDecision: InvalidForm, "RFC 6749 §3.1", "The decision must be allow or deny.";

    // Signing in and registering.
    WrongCredentials: InvalidCredentials, "OWASP ASVS 6.3.8", "The e-mail address or the password is wrong.";
    TooManyFailures: TooManyAttempts, "NIST SP 800-63B-4 §3.2.2", "Too many attempts. Wait a minute, then try again.";
    MissingEmail: InvalidForm, "OWASP ASVS 2.2", "Enter your e-mail address.";
    MissingPassword: InvalidForm, "OWASP ASVS 2.2", "Enter your password.";
    RegistrationClosed: NotFound, "OWASP ASVS 6.4", "New accounts cannot be made here.";
    MalformedEmail: InvalidForm, "RFC 5321 §4.1.2", "This is not an e-mail address that can be used here, such as name@example.org.";
    EmailTaken: InvalidForm, "OWASP ASVS 6.3.8", "There is an account with this e-mail address already.";
    MissingName: InvalidForm, "OWASP ASVS 2.2", "Enter your name.";
    NameTooLong: InvalidForm, "OWASP ASVS 2.2", "The name is longer than 200 characters.";
    PasswordTooShort: InvalidForm, "NIST SP 800-63B-4 §3.1.1.2", "The password is too short.";
    PasswordTooLong: InvalidForm, "NIST SP 800-63B-4 §3.1.1.2", "The password is longer than 256 characters.";
    PasswordTooCommon: InvalidForm, "NIST SP 800-63B-4 §3.1.1.2", "The password is easy to guess. Choose another.";

    // Client authentication.
    MissingClientAuthentication: InvalidClient, "RFC 6749 §2.3", "Client authentication is missing.";
    SeveralClientAuthentications: InvalidRequest, "RFC 6749 §2.3", "A request uses more than one way to authenticate the client.";
    MalformedBasicHeader: InvalidClient, "RFC 6749 §2.3.1", "The Authorization header is not well-formed Basic authentication.";
    WrongClientCredentials: InvalidClient, "RFC 6749 §5.2", "Client authentication failed.";
    ClientSwitchedOff: InvalidClient, "RFC 6749 §5.2", "Client authentication failed. (The client may have been switched off.)";
    WrongClientAuthenticationMethod: InvalidClient, "RFC 6749 §2.3", "Client authentication failed. (The method must be the registered one.)";

    // The token endpoint.
    MissingGrantType: InvalidRequest, "RFC 6749 §4.1.3", "grant_type is missing.";
    UnknownGrantType: UnsupportedGrantType, "RFC 6749 §5.2", "grant_type is not supported.";
    GrantTypeNotAllowed: UnauthorizedClient, "RFC 6749 §5.2", "This client may not use this grant_type.";
    MissingCode: InvalidRequest, "RFC 6749 §4.1.3", "code is missing.";
    UnknownCode: InvalidGrant, "RFC 6749 §5.2", "code is not valid.";
    ForeignCode: InvalidGrant, "RFC 6749 §4.1.3", "code is not valid.";
    ExpiredCode: InvalidGrant, "RFC 6749 §4.1.2", "code has expired.";
    BurntCode: InvalidGrant, "RFC 6749 §4.1.2", "code was used before.";
    ReplayedCode: InvalidGrant, "RFC 6749 §4.1.2", "code was used before; what came of it has ended.";
    WrongRedirectUri: InvalidGrant, "RFC 6749 §4.1.3", "redirect_uri is not the one of the authorization request.";
    MissingVerifier: InvalidGrant, "RFC 7636 §4.6", "code_verifier is missing.";
    WrongVerifier: InvalidGrant, "RFC 7636 §4.6", "code_verifier does not belong to the code_challenge.";
    UnexpectedVerifier: InvalidGrant, "RFC 9700 §4.8.2", "code_verifier was sent though the authorization request had no code_challenge.";
    MissingRefreshToken: InvalidRequest, "RFC 6749 §6", "refresh_token is missing.";
    UnknownRefreshToken: InvalidGrant, "RFC 6749 §5.2", "refresh_token is not valid.";
    ForeignRefreshToken: InvalidGrant, "RFC 6749 §6", "refresh_token is not valid.";
    ExpiredRefreshToken: InvalidGrant, "RFC 6749 §6", "refresh_token has expired.";
    ReusedRefreshToken: InvalidGrant, "RFC 9700 §4.14.2", "refresh_token was used before; what it stood for has ended.";
    ChangedRetry: InvalidGrant, "RFC 9700 §4.14.2", "refresh_token was used a moment ago with another scope or resource.";
    WiderScope: InvalidScope, "RFC 6749 §6", "scope names a scope that was not granted.";
    EndedGrant: InvalidGrant, "RFC 6749 §5.2", "The authorization has ended.";

    // Revocation and introspection.
    MissingTokenParameter: InvalidRequest, "RFC 7009 §2.1", "token is missing.";
    PublicClientIntrospects: InvalidClient, "RFC 7662 §2.1", "Client authentication failed. (A public client may not introspect.)";

    // Bearer tokens.
    MissingToken: InvalidToken, "RFC 6750 §3.1", "The request carries no access token.";
    MalformedBearer: InvalidRequest, "RFC 6750 §3.1", "The Authorization header is not a well-formed Bearer token.";
    SeveralTokens: InvalidRequest, "RFC 6750 §2", "The request carries the access token in more than one way.";
    TokenInQuery: InvalidRequest, "OAuth 2.1 §5.1", "The access token must not stand in the address.";
    MalformedToken: InvalidToken, "RFC 7519 §7.2", "The access token is not valid.";
    WrongTokenType: InvalidToken, "RFC 9068 §4", "The access token is not valid.";
    UnknownKey: InvalidToken, "RFC 7515 §4.1.4", "The access token is not valid.";
    WrongSignature: InvalidToken, "RFC 7515 §5.2", "The access token is not valid.";
    CriticalHeader: InvalidToken, "RFC 7515 §4.1.11", "The access token is not valid.";
    WrongIssuer: InvalidToken, "RFC 9068 §4", "The access token is not valid.";
    WrongAudience: InvalidToken, "RFC 9068 §4", "The access token is for another audience.";
    ExpiredToken: InvalidToken, "RFC 9068 §4", "The access token has expired.";
    RevokedToken: InvalidToken, "RFC 7009 §2.1", "The access token has ended.";
    TokenOfEndedGrant: InvalidToken, "RFC 6749 §4.1.2", "The access token has ended.";
    TokenWithoutScope: InsufficientScope, "RFC 6750 §3.1", "The access token lacks a scope that is needed here.";
    TokenWithoutOpenid: InsufficientScope, "OpenID Connect Core §5.3", "The access token lacks the scope openid.";

    // Signing out: shown as a page.
    LogoutTooLong: InvalidRequest, "RFC 6749 §3.1", "The request to sign out is longer than 16384 bytes.";
    HintOfAnotherClient: InvalidRequest, "RP-Initiated Logout §2", "client_id is not the application that id_token_hint was given to.";
    MissingLogoutClient: InvalidRequest, "RP-Initiated Logout §2", "post_logout_redirect_uri needs id_token_hint or client_id of a registered application.";
    UnregisteredPostLogoutRedirectUri: InvalidRequest, "RP-Initiated Logout §3", "post_logout_redirect_uri is not one of those registered for this application.";

    // Hints: ID tokens that come back.
    ForeignHint: InvalidRequest, "OpenID Connect Core §3.1.2.1", "id_token_hint is not an ID token that this server gave out.";
}

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
}
