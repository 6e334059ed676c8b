-- Refresh tokens, each a link of its grant's chain; and what ends before its time.

CREATE TABLE refresh_tokens (
    token_hash      BYTEA PRIMARY KEY,
    grant_id        TEXT NOT NULL REFERENCES grants (id),
    client_id       TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    consumed_at     BIGINT,
    -- The successor, sealed under a key that only the token itself gives; gone when the successor is first used.
    successor_hash  BYTEA,
    successor       BYTEA,
    -- What the rotation answered beside the successor, so that a lost answer can be given again.
    answer_scopes   TEXT,
    answer_audience TEXT,
    answer_jti      TEXT
);
CREATE INDEX refresh_tokens_grant ON refresh_tokens (grant_id);
CREATE INDEX refresh_tokens_successor ON refresh_tokens (successor_hash);
CREATE INDEX refresh_tokens_expiry ON refresh_tokens (expires_at);
CREATE INDEX codes_expiry ON codes (expires_at);
CREATE INDEX sign_ins_expiry ON sign_ins (expires_at);

ALTER TABLE grants ADD COLUMN last_used_at BIGINT;

-- Access tokens that were revoked, until they would have expired.
CREATE TABLE revoked_tokens (
    jti        TEXT PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX revoked_tokens_expiry ON revoked_tokens (expires_at);
