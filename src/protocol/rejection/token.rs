//! Refusals to those that authenticate as a client: at the token endpoint, revocation and introspection. JSON as in RFC 6749 §5.2.

macro_rules! token {
    ($others:tt $($rows:tt)*) => { gather! { $others $($rows)* Token {
        // Client authentication.
        MissingClientAuthentication: InvalidClient, "RFC 6749 §2.3", "Client authentication is missing.";
        SeveralClientAuthentications: InvalidRequest, "RFC 6749 §2.3", "A request uses more than one way to authenticate the client.";
        MalformedBasicHeader: InvalidClient, "RFC 6749 §2.3.1", "The Authorization header is not well-formed Basic authentication.";
        ClientAssertion: InvalidClient, "RFC 6749 §2.3", "client_assertion is not supported: the methods are client_secret_basic, client_secret_post and none.";
        UnregisteredClient: InvalidClient, "RFC 6749 §5.2", "client_id names no client that is registered here.";
        MissingClientSecret: InvalidClient, "RFC 6749 §2.3", "The client secret is missing: this client must authenticate with it.";
        WrongClientSecret: InvalidClient, "RFC 6749 §5.2", "The client secret is wrong.";
        ExpiredClientSecret: InvalidClient, "RFC 6749 §5.2", "The client secret has expired.";
        SecretOfPublicClient: InvalidClient, "RFC 6749 §2.3", "This client has no secret: it sends its client_id alone.";
        WrongClientAuthenticationMethod: InvalidClient, "RFC 6749 §2.3", "This client is registered for another authentication method.";
        ClientSwitchedOff: InvalidClient, "RFC 6749 §5.2", "Client authentication failed. (The client may have been switched off.)";
        TooManyClientFailures: TooManyRequests, "RFC 6749 §2.3.1", "Client authentication failed, and it has failed too often from this network. Try again later.";

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
        LateRefreshToken: InvalidGrant, "RFC 9700 §4.14.2", "refresh_token was used before, and its answer cannot be had again any more.";
        ChangedRetry: InvalidGrant, "RFC 9700 §4.14.2", "refresh_token was used a moment ago with another scope or resource.";
        ScopeNeedsRole: InvalidScope, "RFC 6749 §3.3", "scope names a scope for which this client lacks the role.";
        WiderScope: InvalidScope, "RFC 6749 §6", "scope names a scope that was not granted.";
        EndedGrant: InvalidGrant, "RFC 6749 §5.2", "The authorization has ended.";
        WrongKeyOfGrant: InvalidGrant, "RFC 9449 §5", "The authorization is bound to a key that the request does not prove.";

        // Token exchange.
        MissingSubjectToken: InvalidRequest, "RFC 8693 §2.1", "subject_token is missing.";
        UnknownSubjectTokenType: InvalidRequest, "RFC 8693 §2.1", "subject_token_type is not supported: urn:doorward:params:oauth:token-type:api-key is.";
        UnknownRequestedTokenType: InvalidRequest, "RFC 8693 §2.1", "requested_token_type is not supported: urn:ietf:params:oauth:token-type:access_token is.";
        ActorToken: InvalidRequest, "RFC 8693 §2.1", "actor_token is not supported.";
        ClientBesideApiKey: InvalidRequest, "RFC 6749 §2.3", "The API key is the one credential of this request: no client authenticates beside it.";
        MalformedApiKey: InvalidRequest, "RFC 8693 §2.2.2", "subject_token is not a whole API key: a character is wrong or missing.";
        UnknownApiKey: InvalidRequest, "RFC 8693 §2.2.2", "subject_token is not valid.";
        EndedApiKey: InvalidRequest, "RFC 8693 §2.2.2", "subject_token is not valid.";
        ApiKeyForAnotherResource: InvalidTarget, "RFC 8693 §2.1", "The API key is for another API.";

        // Revocation and introspection.
        MissingTokenParameter: InvalidRequest, "RFC 7009 §2.1", "token is missing.";
        PublicClientIntrospects: InvalidClient, "RFC 7662 §2.1", "Client authentication failed. (A public client may not introspect.)";
    } } };
}
