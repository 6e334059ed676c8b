//! Refusals to a person in a browser, shown as a page: the sealed request, the forms, signing in and signing out.

macro_rules! pages {
    ($others:tt $($rows:tt)*) => { gather! { $others $($rows)* Pages {
        // The sealed request and the forms between the authorization request and its answer.
        ForgedPendingRequest: InvalidForm, "RFC 9700 §4.7.1", "The sign-in request is not one that this server made.";
        ForeignPendingRequest: InvalidForm, "RFC 9700 §4.7.1", "The sign-in was started in another browser, or before this one was closed.";
        ExpiredPendingRequest: InvalidForm, "RFC 9700 §4.7.1", "The sign-in was started more than a day ago.";
        ReplayedPendingRequest: InvalidForm, "RFC 9700 §4.7.1", "This sign-in is complete: the application has its answer.";
        MissingPendingRequest: InvalidForm, "RFC 9700 §4.7.1", "The page belongs to no sign-in request.";
        ForgedForm: InvalidForm 403, "RFC 6749 §10.12", "The form was not made by this server for this browser.";
        CookiesBlocked: InvalidForm 403, "RFC 6749 §10.12", "The browser sent no cookie along: it must allow cookies of this site, or nobody can sign in.";
        CrossOriginForm: InvalidForm 403, "RFC 6749 §10.12", "The form was sent from another site.";
        ConsentOfAnother: InvalidForm 403, "RFC 6749 §10.12", "The page was shown to somebody else, or for another request: look again whether you agree.";
        MissingChoice: InvalidForm, "RFC 6749 §3.1", "The form does not say what to end.";
        WrongConfirmation: InvalidForm, "OWASP ASVS 2.3.2", "Type it as it stands there: nobody is to delete an account by mistake.";
        MissingDecision: InvalidForm, "RFC 6749 §3.1", "The form does not say what you have decided.";

        // Signing in.
        WrongCredentials: InvalidCredentials, "OWASP ASVS 6.3.8", "The e-mail address or the password is wrong.";
        WrongCurrentPassword: InvalidCredentials, "OWASP ASVS 6.2.3", "That is not your current password.";
        TooManyFailures: TooManyAttempts, "NIST SP 800-63B-4 §3.2.2", "Too many attempts. Try again later.";
        ClosedToStrangers: TooManyAttempts, "NIST SP 800-63B-4 §3.2.2", "Too many attempts to sign in to this account have failed. It is open on devices that have signed in to it before; on others, when whoever runs this server unlocks it.";
        TooManyRegistrations: TooManyRequests, "OWASP ASVS 2.4.1", "Too many accounts were asked for from this network. Try again later.";
        RegistrationClosed: NotFound, "OWASP ASVS 6.4", "New accounts cannot be made here.";

        // Signing in through a provider; what is wrong with the provider's answer stands in `upstream.rs`.
        UnknownErrand: InvalidForm, "RFC 9700 §4.7.1", "The provider's answer belongs to no sign-in that was begun in this browser.";
        UsedErrand: InvalidForm, "RFC 9700 §4.7.1", "The provider's answer was brought here before.";
        ExpiredErrand: InvalidForm, "RFC 9700 §4.7.1", "More than ten minutes have passed at the provider. Sign in there again.";
        TooManyErrands: TooManyRequests, "OWASP ASVS 2.4.1", "Too many sign-ins through providers were begun and not finished. Try again later.";
        IdentityOfAnother: InvalidForm, "OpenID Connect Core §5.7", "That account at the provider is linked to another account here.";
        ProviderRegistrationClosed: InvalidForm 403, "OWASP ASVS 6.4", "This account at the provider cannot be used to make an account here.";
        NotYours: InvalidForm 403, "OpenID Connect Core §5.7", "That account cannot be taken over: sign in to it, or ask whoever runs this server.";
        LastWayIn: InvalidForm, "OWASP ASVS 6.4", "It is the only way to sign in to this account: add another before you remove it.";
        LastStrongWayIn: InvalidForm, "OWASP ASVS 6.4", "Your account asks for a stronger sign-in than would be left to it: add a passkey, or another way as strong, before you remove this one.";
        AccountSwitchedOff: InvalidForm 403, "OWASP ASVS 7.4.2", "This account has been switched off. Ask whoever runs this server.";
        LastAdmin: InvalidForm, "OWASP ASVS 6.4", "It is the only account with the role admin that can be used: somebody else must have the role before it goes.";
        AccountLeaving: InvalidForm 403, "OWASP ASVS 6.4", "This account is closed and will be deleted. The link in the mail that was sent to its address brings it back.";

        PasswordsSwitchedOff: InvalidForm 403, "OWASP ASVS 6.3.3", "Nobody signs in with a password here. Choose a provider.";

        // A second factor.
        WrongSecondFactor: InvalidCredentials, "RFC 6238 §5.2", "The code is wrong, or was used already. Take the one that your app shows now.";
        WrongRecoveryCode: InvalidCredentials, "NIST SP 800-63B-4 §3.1.2", "The recovery code is wrong, or was used already.";
        WrongFirstCode: InvalidForm, "RFC 6238 §5.2", "That is not the code of this key. Take the one that your app shows now; the clock of the device must be right.";
        StaleOffer: InvalidForm, "OWASP ASVS 6.5.5", "That took too long, so here is a new key: remove the former one from your app.";
        WeakSignIn: InvalidForm 403, "NIST SP 800-63B-4 §2", "Your account wants a stronger sign-in than this one: sign in with its passkey, or with its password and a second factor where it asks for one. If that changes nothing, ask whoever runs this server.";
        FactorResetNotOpen: InvalidForm, "NIST SP 800-63B-4 §4.2", "Nothing was removed: it is not time yet, or your request is there no more.";
        LastSecondFactor: InvalidForm, "OWASP ASVS 6.4", "Your account must have a second factor: add another before you remove the last.";

        // A security key.
        NoSecurityKeyShown: InvalidForm, "WebAuthn §7.2", "Your browser has sent no security key. It needs JavaScript for that: switch it on, or choose another way.";
        WrongSecurityKey: InvalidCredentials, "WebAuthn §7.2", "That is no security key of this account. It may have been removed, or belong to another one.";
        CopiedSecurityKey: InvalidCredentials, "WebAuthn §6.1.1", "This security key was used elsewhere meanwhile, as a copy of it would be, so it was refused. Choose another way, and remove it from your account.";
        MalformedSecurityKey: InvalidForm, "WebAuthn §7.1", "That is no security key that can be kept. Try again, or with another device.";
        // A passkey.
        NoPasskeyShown: InvalidForm, "WebAuthn §7.2", "Your browser has sent no passkey. It needs JavaScript for that: switch it on, or sign in another way.";
        StalePasskeyRequest: InvalidForm, "WebAuthn §13.4.3", "The page was open for too long, or was used already. Try again.";
        WrongPasskey: InvalidCredentials, "WebAuthn §7.2", "That passkey does not sign you in here. It may have been removed from the account, or belong to another one.";
        UnverifiedPasskey: InvalidCredentials, "WebAuthn §7.2", "Your device has not checked that it is you. Set up its screen lock, or the PIN of your security key, and try again.";
        CopiedPasskey: InvalidCredentials, "WebAuthn §6.1.1", "This passkey was used elsewhere meanwhile, as a copy of it would be, so it was refused. Sign in another way, and remove it from your account.";
        MalformedPasskey: InvalidForm, "WebAuthn §7.1", "That is no passkey that can be kept. Try again, or with another device.";
        UnattestedPasskey: InvalidForm 403, "WebAuthn §7.1", "No maker who is trusted here vouches for that device, or what is on it can be copied. Use another, or ask whoever runs this server which are taken.";
        UnwantedPasskey: InvalidForm 403, "WebAuthn §7.1", "Devices of this kind are not taken here. Ask whoever runs this server which are.";
        PasskeyTaken: InvalidForm, "WebAuthn §7.1", "That device was registered before: what is on it cannot belong to two accounts.";
        TooManyPasskeys: InvalidForm, "OWASP ASVS 2.4.1", "The account has as many passkeys and security keys as it can have: remove one that you do not use.";

        // What a person says of themselves.
        MalformedWebAddress: InvalidForm, "OpenID Connect Core §5.1", "It must be an address that begins with https://, has no user name in it, and is not longer than 1000 characters.";
        UnknownLanguage: InvalidForm, "OpenID Connect Core §5.1", "That is not one of the languages to choose from.";
        UnknownTimeZone: InvalidForm, "OpenID Connect Core §5.1", "That is no time zone. Write one such as Europe/Berlin.";

        // An API key of theirs.
        KeyNotMade: InvalidForm, "OWASP ASVS 2.2.1", "No key was made: something is missing, or cannot be.";

        // What is proved by mail.
        WrongCode: InvalidCredentials, "OWASP ASVS 6.5.5", "The code is wrong. It is the newest one that was sent to this address.";
        ExpiredTicket: InvalidForm, "OWASP ASVS 6.4.2", "The link is too old. Ask for a new one.";
        TicketOfAnotherBrowser: InvalidForm, "OWASP ASVS 6.4.2", "The link was opened in another browser already, and works there alone. Ask for a new one.";
        UnknownTicket: InvalidForm, "OWASP ASVS 6.4.2", "The link does not work any more. It works once, for a while, and until a newer one is asked for.";

        // Signing out.
        LogoutTooLong: InvalidRequest, "RFC 6749 §3.1", "The request to sign out is longer than 16384 bytes.";
        HintOfAnotherClient: InvalidRequest, "RP-Initiated Logout §2", "client_id is not the application that id_token_hint was given to.";
        MissingLogoutClient: InvalidRequest, "RP-Initiated Logout §2", "post_logout_redirect_uri needs id_token_hint or client_id of a registered application.";
        UnregisteredPostLogoutRedirectUri: InvalidRequest, "RP-Initiated Logout §3", "post_logout_redirect_uri is not one of those registered for this application.";
    } } };
}
