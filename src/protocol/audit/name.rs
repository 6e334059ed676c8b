//! What can happen: the names of events. They stand in databases and in other people's searches, so a name that was given once stays.

use crate::protocol::named::named;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// The server began to serve.
    ServerStarted,
    /// The server ended in order.
    ServerStopped,
    /// A person proved who they are and is signed in.
    SignInSucceeded,
    /// Somebody tried to sign in and could not. Counted: one row a minute for each network and account.
    SignInFailed,
    /// A sign-in ended.
    SignInEnded,
    /// One network has failed to sign in to many accounts, or many networks to one: more than the settings take for chance.
    SignInSprayed,
    /// Failed sign-ins have closed an account, to one network or to all strangers.
    LockoutBegan,
    /// An application's request to be allowed something was granted by the person.
    ConsentGiven,
    /// It was denied.
    ConsentDenied,
    /// What was allowed an application before was taken back.
    ConsentWithdrawn,
    /// A code was redeemed: from now on an application has access on behalf of a person.
    GrantBegan,
    /// An application's access on behalf of a person ended.
    GrantEnded,
    /// A code that was redeemed before was presented again.
    CodeReplayed,
    /// A refresh token that was replaced before was used again: somebody else has a copy.
    RefreshTokenReused,
    /// A person made an account for themselves.
    UserRegistered,
    /// An account was made.
    UserCreated,
    /// Somebody was invited to make an account.
    UserInvited,
    /// An operator gave the person of an account a link by which they choose a new password.
    UserRecoveryBegan,
    /// The person of an account has chosen a new password, by what was sent to its address.
    UserPasswordReset,
    /// The person of an account has shown that its address, or a new one, is theirs.
    UserAddressProved,
    /// The person of an account has taken it back to a former address.
    UserAddressRestored,
    /// An account was changed.
    UserChanged,
    /// A person chose another password.
    UserPasswordChanged,
    /// A person does without a password from now on.
    UserPasswordRemoved,
    /// The account got an authenticator, or another in its place.
    AuthenticatorAdded,
    /// The account does without an authenticator from now on.
    AuthenticatorRemoved,
    /// The account got a passkey.
    PasskeyAdded,
    /// The account lost a passkey.
    PasskeyRemoved,
    /// A passkey was shown whose counter has gone back, as that of a copy does; it signed nobody in.
    PasskeyWentBack,
    /// A person keeps a device, on which they are not asked for a second factor for a while.
    DeviceKept,
    /// They keep it no more.
    DeviceEnded,
    /// Recovery codes were made, in the place of the former ones.
    RecoveryCodesMade,
    /// A recovery code was used up.
    RecoveryCodeUsed,
    /// Every second factor of an account was taken away: by an operator, or on a request of whoever has lost them.
    UserFactorsReset,
    /// Somebody who gave the first proof has had a mail sent to begin a request that takes every second factor away.
    FactorResetAsked,
    /// Such a request was confirmed by that mail, and waits.
    FactorResetBegan,
    /// Such a request has ended without taking anything away.
    FactorResetEnded,
    /// An account was switched off.
    UserDisabled,
    /// An account was switched on again.
    UserEnabled,
    /// All sign-ins and grants of a person were ended.
    UserSignedOut,
    /// What failed sign-ins had closed of an account was opened again.
    UserUnlocked,
    /// The person of an account leaves, or an operator sees them off: it is closed, and goes unless they come back.
    UserDeletionRequested,
    /// An account whose person left was brought back.
    UserDeletionWithdrawn,
    /// An account was deleted.
    UserDeleted,
    /// An account lost its address to its owner and was switched off: whoever made it had never proved the address.
    UserDisplaced,
    /// An account at a provider was linked to one here.
    IdentityLinked,
    /// It was unlinked.
    IdentityUnlinked,
    /// A client was registered.
    ClientCreated,
    /// A client was changed.
    ClientChanged,
    /// A client got another secret.
    ClientSecretRenewed,
    /// One of a client's secrets was put out of use.
    ClientSecretRevoked,
    /// A client was switched off.
    ClientDisabled,
    /// A client was switched on again.
    ClientEnabled,
    /// A client was deleted.
    ClientDeleted,
    /// A request could not prove to be a client's. Counted, as failed sign-ins are: for each network and client.
    ClientAuthenticationFailed,
    /// An API key was made.
    ApiKeyCreated,
    /// An API key was replaced by another.
    ApiKeyRotated,
    /// An API key was ended.
    ApiKeyEnded,
    /// An API key that could be used was reported as leaked, and ended by that.
    ApiKeyReported,
    /// An API key was used: from another network than before, or for the first time that day.
    ApiKeyUsed,
    /// A resource was registered.
    ResourceCreated,
    /// A resource was changed.
    ResourceChanged,
    /// A resource got its first secret: its access tokens are signed with it.
    ResourceSecretCreated,
    /// A resource got another secret.
    ResourceSecretRenewed,
    /// A resource was deleted.
    ResourceDeleted,
    /// A role was made.
    RoleCreated,
    /// A role was changed.
    RoleChanged,
    /// A role was deleted.
    RoleDeleted,
    /// A role was given to a person or a client.
    RoleGranted,
    /// A role was taken from a person or a client.
    RoleRevoked,
    /// A signing key was made.
    KeyCreated,
    /// A signing key was told to sign earlier.
    KeyHastened,
    /// A signing key began to sign.
    KeyActivated,
    /// A signing key signs no more.
    KeyRetired,
    /// A signing key was revoked.
    KeyRevoked,
    /// A signing key was removed.
    KeyRemoved,
    /// Everything was sealed with another master key.
    MasterKeyChanged,
}

named!(Name {
    ServerStarted = "server.started",
    ServerStopped = "server.stopped",
    SignInSucceeded = "sign_in.succeeded",
    SignInFailed = "sign_in.failed",
    SignInEnded = "sign_in.ended",
    SignInSprayed = "sign_in.sprayed",
    LockoutBegan = "lockout.began",
    ConsentGiven = "consent.given",
    ConsentDenied = "consent.denied",
    ConsentWithdrawn = "consent.withdrawn",
    GrantBegan = "grant.began",
    GrantEnded = "grant.ended",
    CodeReplayed = "code.replayed",
    RefreshTokenReused = "refresh_token.reused",
    UserRegistered = "user.registered",
    UserCreated = "user.created",
    UserInvited = "user.invited",
    UserRecoveryBegan = "user.recovery_began",
    UserPasswordReset = "user.password_reset",
    UserAddressProved = "user.address_proved",
    UserAddressRestored = "user.address_restored",
    UserChanged = "user.changed",
    UserPasswordChanged = "user.password_changed",
    UserPasswordRemoved = "user.password_removed",
    AuthenticatorAdded = "authenticator.added",
    AuthenticatorRemoved = "authenticator.removed",
    PasskeyAdded = "passkey.added",
    PasskeyRemoved = "passkey.removed",
    PasskeyWentBack = "passkey.went_back",
    DeviceKept = "device.kept",
    DeviceEnded = "device.ended",
    RecoveryCodesMade = "recovery_codes.made",
    RecoveryCodeUsed = "recovery_code.used",
    UserFactorsReset = "user.factors_reset",
    FactorResetAsked = "factor_reset.asked",
    FactorResetBegan = "factor_reset.began",
    FactorResetEnded = "factor_reset.ended",
    UserDisabled = "user.disabled",
    UserEnabled = "user.enabled",
    UserSignedOut = "user.signed_out",
    UserUnlocked = "user.unlocked",
    UserDeletionRequested = "user.deletion_requested",
    UserDeletionWithdrawn = "user.deletion_withdrawn",
    UserDeleted = "user.deleted",
    UserDisplaced = "user.displaced",
    IdentityLinked = "identity.linked",
    IdentityUnlinked = "identity.unlinked",
    ClientCreated = "client.created",
    ClientChanged = "client.changed",
    ClientSecretRenewed = "client.secret_renewed",
    ClientSecretRevoked = "client.secret_revoked",
    ClientDisabled = "client.disabled",
    ClientEnabled = "client.enabled",
    ClientDeleted = "client.deleted",
    ClientAuthenticationFailed = "client.authentication_failed",
    ApiKeyCreated = "api_key.created",
    ApiKeyRotated = "api_key.rotated",
    ApiKeyEnded = "api_key.ended",
    ApiKeyReported = "api_key.reported",
    ApiKeyUsed = "api_key.used",
    ResourceCreated = "resource.created",
    ResourceChanged = "resource.changed",
    ResourceSecretCreated = "resource.secret_created",
    ResourceSecretRenewed = "resource.secret_renewed",
    ResourceDeleted = "resource.deleted",
    RoleCreated = "role.created",
    RoleChanged = "role.changed",
    RoleDeleted = "role.deleted",
    RoleGranted = "role.granted",
    RoleRevoked = "role.revoked",
    KeyCreated = "key.created",
    KeyHastened = "key.hastened",
    KeyActivated = "key.activated",
    KeyRetired = "key.retired",
    KeyRevoked = "key.revoked",
    KeyRemoved = "key.removed",
    MasterKeyChanged = "master_key.changed",
});
