//! Refusals of an access token, by the endpoints that take one: a challenge as in RFC 6750 §3, whose words end without a full stop.

macro_rules! bearer {
    ($others:tt $($rows:tt)*) => { gather! { $others $($rows)* Bearer {
        // How the request carries it.
        MissingToken: InvalidToken, "RFC 6750 §3.1", "The request carries no access token";
        MalformedBearer: InvalidRequest, "RFC 6750 §3.1", "The Authorization header is not a well-formed Bearer token";
        SeveralTokens: InvalidRequest, "RFC 6750 §2", "The request carries the access token in more than one way";
        TokenInQuery: InvalidRequest, "OAuth 2.1 §5.1", "The access token must not stand in the address";

        // What it is.
        MalformedToken: InvalidToken, "RFC 7519 §7.2", "The access token is not valid";
        WrongTokenType: InvalidToken, "RFC 9068 §4", "The access token is not valid";
        UnknownKey: InvalidToken, "RFC 7515 §4.1.4", "The access token is not valid";
        WrongSignature: InvalidToken, "RFC 7515 §5.2", "The signature is not valid";
        CriticalHeader: InvalidToken, "RFC 7515 §4.1.11", "The access token is not valid";
        WrongIssuer: InvalidToken, "RFC 9068 §4", "The access token is not valid";
        WrongAudience: InvalidToken, "RFC 9068 §4", "The access token is for another audience";
        ExpiredToken: InvalidToken, "RFC 9068 §4", "The access token expired";
        RevokedToken: InvalidToken, "RFC 7009 §2.1", "The access token has ended";
        TokenOfEndedGrant: InvalidToken, "RFC 6749 §4.1.2", "The access token has ended";
        BoundTokenAsBearer: InvalidToken, "RFC 9449 §7.2", "The access token is bound to a key, and the request does not prove that key";

        // What it may.
        TokenWithoutOpenid: InsufficientScope, "OpenID Connect Core §5.3", "The access token lacks the scope openid";
    } } };
}
