//! What any request must be, whoever sends it: how it is written, where it goes, and which scopes and resources it may name.

macro_rules! request {
    ($others:tt $($rows:tt)*) => { gather! { $others $($rows)* Request {
        // How it is written.
        MalformedParameters: InvalidRequest, "RFC 6749 Appendix B", "The parameters are not valid form encoding of UTF-8 text without control characters.";
        RepeatedParameter: InvalidRequest, "RFC 6749 §3.1", "A parameter is given more than once.";
        WrongContentType: InvalidRequest 415, "RFC 6749 §3.2", "The content type must be application/x-www-form-urlencoded.";
        BodyTooLarge: InvalidRequest 413, "OWASP ASVS 4.1", "The request body is longer than 65536 bytes.";
        BodyUnreadable: InvalidRequest, "RFC 9112 §6", "The request body ended before it was complete.";
        MalformedLeakReport: InvalidRequest, "RFC 8259 §2", "A report is a JSON array of 1 to 100 objects, each with a token of text.";

        // Where it goes.
        NoSuchPage: NotFound, "RFC 9110 §15.5.5", "There is no page at this address.";
        WrongMethod: MethodNotAllowed, "RFC 9110 §15.5.6", "This address does not answer to this method.";
        TooOften: TooManyRequests, "RFC 6585 §4", "Too many requests come from this network. Try again later.";
        WrongHost: MisdirectedRequest, "RFC 9110 §15.5.20", "This server does not answer to this host name.";

        // What it names (RFC 6749 §3.3, RFC 8707, OpenID Connect Core §3.1.2.1).
        MalformedScope: InvalidScope, "RFC 6749 §3.3", "scope is not a list of scope tokens.";
        UnknownScope: InvalidScope, "RFC 6749 §3.3", "scope names a scope that does not exist here.";
        ScopeNotAllowed: InvalidScope, "RFC 6749 §3.3", "scope names a scope that this application may not ask for.";
        MalformedResource: InvalidTarget, "RFC 8707 §2", "resource must be an absolute URI without a fragment.";
        UnknownResource: InvalidTarget, "RFC 8707 §2", "resource names no API that is registered here.";
        ResourceNotAllowed: InvalidTarget, "RFC 8707 §2", "resource names an API that this application may not ask for.";
        ResourceNotGranted: InvalidTarget, "RFC 8707 §2.2", "resource names an API that was not granted.";
        SeveralResources: InvalidTarget, "RFC 8707 §2.2", "One access token has one audience: name one resource.";
        AmbiguousScope: InvalidTarget, "RFC 8707 §2", "scope names a scope of several APIs, and resource does not say which is meant.";
        ForeignHint: InvalidRequest, "OpenID Connect Core §3.1.2.1", "id_token_hint is not an ID token that this server gave out.";
    } } };
}
