-- Requests to have the second factors of an account taken away that its person has lost (src/protocol/factor_reset.rs): one for each account.
CREATE TABLE factor_resets (
    user_id  TEXT PRIMARY KEY REFERENCES users (id),
    asked_at BIGINT NOT NULL,
    opens_at BIGINT NOT NULL -- before that nothing is taken away
);
CREATE INDEX factor_resets_by_opening ON factor_resets (opens_at);
