-- Roles: which scopes each permits (src/protocol/role.rs). Every role that somebody has by now is one.
CREATE TABLE roles (
    name        TEXT PRIMARY KEY,
    description TEXT NOT NULL,
    scopes      TEXT NOT NULL,  -- JSON, names
    created_at  BIGINT NOT NULL
);
CREATE INDEX roles_order ON roles (created_at, name);
INSERT INTO roles (name, description, scopes, created_at) VALUES
    ('admin', 'Runs this server', '[]', 0),
    ('user', 'Everybody with an account', '[]', 0);
INSERT INTO roles (name, description, scopes, created_at)
    SELECT DISTINCT held.value, '', '[]', 1 FROM users, json_each(users.roles) AS held WHERE true ON CONFLICT (name) DO NOTHING;
-- The scopes for which an API demands a role: JSON, scope to names of roles. And which roles its tokens tell.
ALTER TABLE resources ADD COLUMN scope_needs TEXT NOT NULL DEFAULT '{}';
ALTER TABLE resources ADD COLUMN roles_seen TEXT NOT NULL DEFAULT 'all';
