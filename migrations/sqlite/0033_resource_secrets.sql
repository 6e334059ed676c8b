-- Whether an API's access tokens are signed with a secret that it shares with us (HS256), and those secrets (src/protocol/resource_secret.rs).
ALTER TABLE resources ADD COLUMN signs_with_secret BIGINT NOT NULL DEFAULT 0;
CREATE TABLE resource_secrets (
    kid        TEXT PRIMARY KEY,
    resource   TEXT NOT NULL REFERENCES resources (identifier),
    secret     BLOB NOT NULL,  -- 32 bytes, sealed under a master key
    sealed_by  TEXT NOT NULL,
    sequence   BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    signs_from BIGINT NOT NULL,
    ends_at    BIGINT          -- of one that has a successor: until when its tokens are taken
);
CREATE INDEX resource_secrets_of_resource ON resource_secrets (resource);
CREATE INDEX resource_secrets_end ON resource_secrets (ends_at);
