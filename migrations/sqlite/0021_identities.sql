-- Accounts of people at providers, by (issuer, subject) and never by address; and which of them a sign-in came by, which is known for as long
-- as the sign-in is, whatever becomes of the identity.

CREATE TABLE identities (
    id             TEXT PRIMARY KEY,
    user_id        TEXT NOT NULL REFERENCES users (id),
    provider       TEXT NOT NULL,
    issuer         TEXT NOT NULL,
    subject        TEXT NOT NULL,
    email          TEXT,
    email_verified BIGINT NOT NULL,
    roles          TEXT NOT NULL,
    created_at     BIGINT NOT NULL,
    last_used_at   BIGINT NOT NULL,
    UNIQUE (issuer, subject)
);
CREATE INDEX identities_user ON identities (user_id);
CREATE INDEX identities_created ON identities (created_at, id);

ALTER TABLE sign_ins ADD COLUMN identity_id TEXT;
ALTER TABLE sign_ins ADD COLUMN upstream_sid TEXT;
CREATE INDEX sign_ins_identity ON sign_ins (identity_id) WHERE identity_id IS NOT NULL;
