//! Refusals of the authorization endpoint. Until the target is verified they are pages; then they are redirected to it.

macro_rules! authorization {
    ($others:tt $($rows:tt)*) => { gather! { $others $($rows)* Authorization {
        // Who asks, and where the answer may go: shown as a page, never redirected.
        RequestTooLong: InvalidRequest, "RFC 6749 §3.1", "The authorization request is longer than 8000 bytes.";
        MissingClientId: InvalidRequest, "RFC 6749 §4.1.1", "client_id is missing.";
        UnknownClient: InvalidRequest, "RFC 6749 §4.1.2.1", "client_id names no application that is registered here.";
        DisabledClient: InvalidRequest, "RFC 6749 §4.1.2.1", "client_id names no application that is registered here. (It may have been switched off.)";
        MissingRedirectUri: InvalidRequest, "OpenID Connect Core §3.1.2.1", "redirect_uri is missing.";
        UnregisteredRedirectUri: InvalidRequest, "RFC 9700 §4.1.3", "redirect_uri is not one of those registered for this application.";

        // The request itself: redirected.
        MissingResponseType: InvalidRequest, "RFC 6749 §3.1.1", "response_type is missing.";
        WrongResponseType: UnsupportedResponseType, "RFC 6749 §3.1.1", "response_type must be code.";
        WrongResponseMode: InvalidRequest, "OAuth 2.0 Multiple Response Types §2.1", "response_mode is not supported.";
        RequestObject: RequestNotSupported, "OpenID Connect Core §6.1", "The request parameter is not supported.";
        RequestObjectByReference: RequestUriNotSupported, "OpenID Connect Core §6.2", "The request_uri parameter is not supported.";
        RegistrationParameter: RegistrationNotSupported, "OpenID Connect Core §7.2.1", "The registration parameter is not supported.";
        ParametersTooLong: InvalidRequest, "RFC 6749 §4.1.1", "state, nonce, claims and the other parameters are too long together: 4000 bytes of state pass, and about 5000 bytes in all.";
        ClientMayNotAuthorize: UnauthorizedClient, "RFC 6749 §4.1.2.1", "This application may not use the authorization code flow.";
        MissingCodeChallenge: InvalidRequest, "RFC 7636 §4.4.1", "code_challenge is missing: send it with code_challenge_method=S256 (PKCE). (An application with a secret can be let go without: client update --pkce nonce or optional.)";
        MissingChallengeAndNonce: InvalidRequest, "RFC 9700 §2.1.1", "code_challenge is missing: send it with code_challenge_method=S256 (PKCE), or send a nonce with the scope openid. (The application can be let go without either: client update --pkce optional.)";
        MethodWithoutChallenge: InvalidRequest, "RFC 7636 §4.3", "code_challenge_method is given without code_challenge.";
        MalformedCodeChallenge: InvalidRequest, "RFC 7636 §4.2", "code_challenge must be 43 base64url characters.";
        WrongChallengeMethod: InvalidRequest, "RFC 7636 §4.4.1", "code_challenge_method must be S256.";
        ContradictoryPrompt: InvalidRequest, "OpenID Connect Core §3.1.2.1", "prompt joins none with another value.";
        MalformedMaxAge: InvalidRequest, "OpenID Connect Core §3.1.2.1", "max_age must be a whole number of seconds.";
        MalformedClaims: InvalidRequest, "OpenID Connect Core §5.5", "claims must be a small JSON object with the members userinfo and id_token.";

        // What the person did or did not do: redirected.
        SignInNeeded: LoginRequired, "OpenID Connect Core §3.1.2.6", "The person must sign in, and prompt=none forbids to ask.";
        AnotherPersonExpected: LoginRequired, "OpenID Connect Core §3.1.2.1", "The person who is signed in is not the one that the request names.";
        ClassNotMet: UnmetAuthenticationRequirements, "OpenID Connect Core §5.5.1.1", "The person did not or cannot authenticate in the way that the essential acr, the application or a role of theirs asks for.";
        ConsentNeeded: ConsentRequired, "OpenID Connect Core §3.1.2.6", "The person must consent, and prompt=none forbids to ask.";
        RoleNeeded: AccessDenied, "RFC 6749 §4.1.2.1", "Every scope that was asked for needs a role that the person does not have.";
        ConsentDenied: AccessDenied, "RFC 6749 §4.1.2.1", "The person denied the request.";
    } } };
}
