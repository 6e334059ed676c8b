//! Refusals of what a provider, or a browser that comes back from one, brings. A person reads them as a page and can always go another way;
//! those of a logout token are for the provider that sent it.

macro_rules! upstream {
    ($others:tt $($rows:tt)*) => { gather! { $others $($rows)* Pages {
        // The way there and back.
        UpstreamUnavailable: UpstreamUnavailable, "OpenID Connect Discovery §4", "The provider does not answer as it should. Try again in a few minutes, or sign in another way.";
        UpstreamCancelled: UpstreamDenied, "RFC 6749 §4.1.2.1", "You did not agree at the provider, or it did not let you in. Try again, or sign in another way.";
        UpstreamError: UpstreamRefused, "RFC 6749 §4.1.2.1", "The provider did not sign you in. Try again, or sign in another way.";
        UpstreamMissingCode: UpstreamAnswer, "RFC 6749 §4.1.2", "The provider sent you back without an answer. Try again.";
        UpstreamWrongIss: UpstreamAnswer, "RFC 9207 §2.4", "The answer is not from the provider that was asked. Try again.";
        UpstreamMissingIss: UpstreamAnswer, "RFC 9207 §2.4", "The answer does not say which provider it is from. Try again.";
        UpstreamCodeRefused: UpstreamRefused, "RFC 6749 §5.2", "The provider does not take its own answer any more: it is too old, or was used before. Try again.";
        UpstreamClientRefused: UpstreamUnavailable, "RFC 6749 §5.2", "This server is not set up rightly at the provider. Tell whoever runs it, and sign in another way meanwhile.";
        UpstreamMalformed: UpstreamAnswer, "RFC 6749 §5.1", "What the provider answered cannot be read. Try again, or sign in another way.";
        UpstreamNotAdmitted: UpstreamRefused, "OWASP ASVS 6.8.1", "This account at the provider is not one of those that may sign in here. Choose another there.";
        UpstreamNotFresh: UpstreamRefused, "OpenID Connect Core §3.1.2.1", "The provider did not ask you anew who you are, which is needed here. Sign out there, and try again.";

        // The ID token (OpenID Connect Core §3.1.3.7).
        UpstreamMissingIdToken: UpstreamAnswer, "OpenID Connect Core §3.1.3.3", "The provider did not say who you are. Try again, or sign in another way.";
        UpstreamMalformedToken: UpstreamAnswer, "RFC 7519 §7.2", "What the provider says of you cannot be read. Try again, or sign in another way.";
        UpstreamWrongAlgorithm: UpstreamAnswer, "RFC 8725 §3.1", "What the provider says of you is not signed as agreed. Try again, or sign in another way.";
        UpstreamUnknownKey: UpstreamAnswer, "OpenID Connect Core §10.1.1", "What the provider says of you is signed with a key that it does not publish. Try again, or sign in another way.";
        UpstreamWrongSignature: UpstreamAnswer, "OpenID Connect Core §3.1.3.7", "What the provider says of you was not signed by it. Try again, or sign in another way.";
        UpstreamWrongIssuer: UpstreamAnswer, "OpenID Connect Core §3.1.3.7", "What was said of you is not from the provider that was asked. Try again, or sign in another way.";
        UpstreamWrongAudience: UpstreamAnswer, "OpenID Connect Core §3.1.3.7", "What the provider says of you is not meant for this server. Try again, or sign in another way.";
        UpstreamWrongParty: UpstreamAnswer, "OpenID Connect Core §3.1.3.7", "What the provider says of you was asked for by somebody else. Try again, or sign in another way.";
        UpstreamExpiredToken: UpstreamAnswer, "OpenID Connect Core §3.1.3.7", "What the provider says of you is too old. Try again.";
        UpstreamFutureToken: UpstreamAnswer, "OpenID Connect Core §3.1.3.7", "The clocks of the provider and of this server do not agree. Tell whoever runs it.";
        UpstreamWrongNonce: UpstreamAnswer, "OpenID Connect Core §3.1.3.7", "What the provider says of you was said at another sign-in. Try again.";
        UpstreamNoSubject: UpstreamAnswer, "OpenID Connect Core §2", "The provider did not say which account is yours. Try again, or sign in another way.";
        UpstreamOtherSubject: UpstreamAnswer, "OpenID Connect Core §5.3.2", "The provider said two different things of who you are. Try again, or sign in another way.";
    } Request {
        // A provider's logout token (OpenID Connect Back-Channel Logout §2.6).
        MissingLogoutToken: InvalidRequest, "Back-Channel Logout §2.5", "logout_token is missing.";
        WrongLogoutToken: InvalidRequest, "Back-Channel Logout §2.6", "logout_token is not one of this provider for this server.";
        ReplayedLogoutToken: InvalidRequest, "Back-Channel Logout §2.6", "logout_token was used before.";
    } } };
}
