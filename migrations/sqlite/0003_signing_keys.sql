-- The life of signing keys, what is signed with which algorithm, and leases: who does what one node alone may do.

ALTER TABLE signing_keys ADD COLUMN sequence BIGINT NOT NULL DEFAULT 0;
ALTER TABLE signing_keys ADD COLUMN activated_at BIGINT;
-- The longest lifetime of a token under the key; what is not known is as long as the settings allow.
ALTER TABLE signing_keys ADD COLUMN token_lifetime BIGINT NOT NULL DEFAULT 86400;
UPDATE signing_keys SET activated_at = signs_from;

ALTER TABLE clients ADD COLUMN id_token_algorithm TEXT;
ALTER TABLE clients ADD COLUMN id_token_algorithm_former TEXT;
ALTER TABLE resources ADD COLUMN signing_algorithm TEXT;
ALTER TABLE resources ADD COLUMN signing_algorithm_former TEXT;

CREATE TABLE leases (
    name       TEXT PRIMARY KEY,
    holder     TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
INSERT INTO leases (name, holder, expires_at) VALUES ('signing keys', '', 0);
