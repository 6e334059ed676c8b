-- What people show beside the first proof (src/storage/factors.rs): an authenticator, and recovery codes, one set of each.
CREATE TABLE factors (
    id           TEXT PRIMARY KEY,
    user_id      TEXT NOT NULL REFERENCES users (id),
    kind         TEXT NOT NULL,
    secret       BYTEA NOT NULL, -- sealed under the master key: the seed, or what makes the codes checkable
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT,
    last_step    BIGINT NOT NULL, -- of an authenticator: the newest step of which a code was taken
    UNIQUE (user_id, kind)
);
CREATE INDEX factors_by_kind ON factors (kind);
CREATE TABLE recovery_codes (
    factor_id TEXT NOT NULL REFERENCES factors (id),
    code_mac  TEXT NOT NULL,
    used_at   BIGINT,
    PRIMARY KEY (factor_id, code_mac)
);
