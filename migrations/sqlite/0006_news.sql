-- What nodes keep in memory is counted by kind, so that news of one kind costs nobody the others; and each client keeps the number of
-- its own last change, so that only what changed is read again.

CREATE TABLE news (
    name  TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO news (name, value) VALUES ('clients', 1), ('resources', 1), ('keys', 1);
DROP TABLE epoch;

ALTER TABLE clients ADD COLUMN change BIGINT NOT NULL DEFAULT 0;
CREATE INDEX clients_change ON clients (change);
-- Few want an algorithm of their own: they are found without reading all others.
CREATE INDEX clients_algorithm ON clients (id_token_algorithm, id_token_algorithm_former)
    WHERE id_token_algorithm IS NOT NULL OR id_token_algorithm_former IS NOT NULL;

-- Clean-up looks at a row again when this time has come, and never at all rows. 0: not looked at yet.
ALTER TABLE sign_ins ADD COLUMN look_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE grants ADD COLUMN look_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX sign_ins_look ON sign_ins (look_at);
CREATE INDEX grants_look ON grants (look_at);
DROP INDEX sign_ins_expiry;
DROP INDEX sign_ins_ended;
DROP INDEX grants_ended;
CREATE INDEX sign_in_failures_start ON sign_in_failures (started_at);
INSERT INTO leases (name, holder, expires_at) VALUES ('clean-up', '', 0);

-- Whether a server has ever published keys: until then no key has to wait until verifiers know it.
INSERT INTO meta (name, value) SELECT 'key_set_published', 'yes' WHERE EXISTS (SELECT 1 FROM signing_keys);
