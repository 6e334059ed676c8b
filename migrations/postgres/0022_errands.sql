-- Browsers that are at a provider: the only row that a stranger may cause, for ten minutes. What is remembered is sealed.
CREATE TABLE errands (
    state_hash   BYTEA PRIMARY KEY,
    browser_hash BYTEA NOT NULL,
    network      TEXT NOT NULL,
    data         BYTEA NOT NULL,
    expires_at   BIGINT NOT NULL,
    used_at      BIGINT
);
CREATE INDEX errands_expiry ON errands (expires_at);
CREATE INDEX errands_network ON errands (network, expires_at);
