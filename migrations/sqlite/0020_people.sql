-- An account may have no address; who made it; and the roles that providers give it, beside those that were given here. Of accounts from
-- before nobody knows who made them.

-- SQLite takes a NOT NULL away only with its table. What refers to it is checked when this transaction ends: by then the rows are back.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE people AS SELECT * FROM users;
DROP TABLE users;
CREATE TABLE users (
    id             TEXT PRIMARY KEY,
    email          TEXT UNIQUE,
    email_verified BIGINT NOT NULL,
    name           TEXT NOT NULL,
    password_hash  TEXT,
    claims         TEXT NOT NULL,
    roles          TEXT NOT NULL,
    created_at     BIGINT NOT NULL,
    disabled_at    BIGINT,
    updated_at     BIGINT NOT NULL,
    made_by        TEXT NOT NULL DEFAULT 'unknown',
    upstream_roles TEXT NOT NULL DEFAULT '[]'
);
INSERT INTO users (id, email, email_verified, name, password_hash, claims, roles, created_at, disabled_at, updated_at)
    SELECT id, email, email_verified, name, password_hash, claims, roles, created_at, disabled_at, updated_at FROM people;
DROP TABLE people;
CREATE INDEX users_created ON users (created_at, id);
