-- Passkeys of people (src/storage/passkeys.rs): public keys, so nothing of it is secret.
CREATE TABLE passkeys (
    id            TEXT PRIMARY KEY,
    user_id       TEXT NOT NULL REFERENCES users (id),
    credential_id BLOB NOT NULL UNIQUE, -- of one account, whoever brings it
    credential    TEXT NOT NULL,          -- the public key and how it was made, as JSON
    counter       BIGINT NOT NULL,        -- of the last use; 0 where the device counts none
    may_be_copied BIGINT NOT NULL,        -- backup eligible: to other devices of the person
    is_copied     BIGINT NOT NULL,        -- backup state
    transports    TEXT NOT NULL,
    aaguid        TEXT NOT NULL,
    name          TEXT NOT NULL,
    created_at    BIGINT NOT NULL,
    last_used_at  BIGINT
);
CREATE INDEX passkeys_by_user ON passkeys (user_id);
-- Challenges that were answered, until they are too old anyway: each is good once.
CREATE TABLE used_challenges (
    id         TEXT PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX used_challenges_by_expiry ON used_challenges (expires_at);
-- When somebody to whom a passkey was offered said "not now".
ALTER TABLE users ADD COLUMN passkey_declined_at BIGINT;
