-- Times are seconds since 1970; lists and maps are JSON; secrets are kept as SHA-256 alone.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- One row, counted up by every change to what nodes keep in memory: clients, resources, signing keys.
CREATE TABLE epoch (
    id    BIGINT PRIMARY KEY CHECK (id = 1),
    value BIGINT NOT NULL
);
INSERT INTO epoch (id, value) VALUES (1, 1);

CREATE TABLE signing_keys (
    kid         TEXT PRIMARY KEY,
    algorithm   TEXT NOT NULL,
    public_jwk  TEXT NOT NULL,
    private_key BLOB NOT NULL,
    sealed_by   TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    signs_from  BIGINT NOT NULL,
    retired_at  BIGINT,
    revoked_at  BIGINT
);

CREATE TABLE clients (
    client_id                 TEXT PRIMARY KEY,
    client_type               TEXT NOT NULL,
    name                      TEXT NOT NULL,
    secret_hash               BLOB,
    auth_method               TEXT NOT NULL,
    redirect_uris             TEXT NOT NULL,
    post_logout_redirect_uris TEXT NOT NULL,
    scopes                    TEXT NOT NULL,
    resources                 TEXT NOT NULL,
    pkce_required             BIGINT NOT NULL,
    first_party               BIGINT NOT NULL,
    created_at                BIGINT NOT NULL,
    disabled_at               BIGINT
);

CREATE TABLE resources (
    identifier   TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    scopes       TEXT NOT NULL,
    introspectors TEXT NOT NULL,
    created_at   BIGINT NOT NULL
);

CREATE TABLE users (
    id             TEXT PRIMARY KEY,
    email          TEXT NOT NULL UNIQUE,
    email_verified BIGINT NOT NULL,
    name           TEXT NOT NULL,
    password_hash  TEXT,
    claims         TEXT NOT NULL,
    roles          TEXT NOT NULL,
    created_at     BIGINT NOT NULL,
    disabled_at    BIGINT
);

CREATE TABLE sign_ins (
    id           TEXT PRIMARY KEY,
    secret_hash  BLOB NOT NULL UNIQUE,
    user_id      TEXT NOT NULL REFERENCES users (id),
    created_at   BIGINT NOT NULL,
    auth_time    BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    request_id   TEXT,
    user_agent   TEXT NOT NULL,
    address      TEXT NOT NULL,
    ended_at     BIGINT,
    end_reason   TEXT
);
CREATE INDEX sign_ins_user ON sign_ins (user_id);

CREATE TABLE consents (
    user_id           TEXT NOT NULL REFERENCES users (id),
    client_id         TEXT NOT NULL REFERENCES clients (client_id),
    scopes            TEXT NOT NULL,
    resources         TEXT NOT NULL,
    given_at          BIGINT NOT NULL,
    confirmed_request TEXT NOT NULL,
    PRIMARY KEY (user_id, client_id)
);

CREATE TABLE grants (
    id          TEXT PRIMARY KEY,
    client_id   TEXT NOT NULL REFERENCES clients (client_id),
    user_id     TEXT NOT NULL REFERENCES users (id),
    sign_in_id  TEXT NOT NULL,
    bound       BIGINT NOT NULL,
    scopes      TEXT NOT NULL,
    resources   TEXT NOT NULL,
    auth_time   BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    ended_at    BIGINT,
    end_reason  TEXT
);
CREATE INDEX grants_sign_in ON grants (sign_in_id);
CREATE INDEX grants_user_client ON grants (user_id, client_id);

CREATE TABLE codes (
    code_hash    BLOB PRIMARY KEY,
    grant_id     TEXT NOT NULL REFERENCES grants (id),
    client_id    TEXT NOT NULL,
    request_id   TEXT NOT NULL UNIQUE,
    redirect_uri TEXT NOT NULL,
    challenge    TEXT,
    nonce        TEXT,
    expires_at   BIGINT NOT NULL,
    consumed_at  BIGINT,
    redeemed_at  BIGINT
);
CREATE INDEX codes_grant ON codes (grant_id);

-- Failed sign-ins of a network address in the running minute; attempts under way count until they succeed.
CREATE TABLE sign_in_failures (
    address    TEXT PRIMARY KEY,
    started_at BIGINT NOT NULL,
    count      BIGINT NOT NULL
);
