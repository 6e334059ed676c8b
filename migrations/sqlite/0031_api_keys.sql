-- API keys: of a person or of a client that acts for itself, each for one API (src/protocol/api_key.rs).
CREATE TABLE api_keys (
    id                TEXT PRIMARY KEY,                        -- what the key begins with
    key_hash          BLOB NOT NULL,
    user_id           TEXT REFERENCES users (id),
    client_id         TEXT REFERENCES clients (client_id),
    resource          TEXT NOT NULL,
    name              TEXT NOT NULL,
    scopes            TEXT NOT NULL,
    created_at        BIGINT NOT NULL,
    expires_at        BIGINT NOT NULL,
    last_used_at      BIGINT,
    last_used_network TEXT,
    ended_at          BIGINT,
    end_reason        TEXT,
    successor         TEXT,                                    -- the id of the key that it was replaced by
    CHECK ((user_id IS NULL) <> (client_id IS NULL))
);
CREATE INDEX api_keys_order ON api_keys (created_at, id);
CREATE INDEX api_keys_user ON api_keys (user_id, created_at, id);
CREATE INDEX api_keys_client ON api_keys (client_id, created_at, id);
CREATE INDEX api_keys_resource ON api_keys (resource);
CREATE INDEX api_keys_expiry ON api_keys (expires_at);
-- Where a key was used.
CREATE INDEX audit_uses_of_api_key ON audit (subject, id) WHERE event = 'api_key.used';
