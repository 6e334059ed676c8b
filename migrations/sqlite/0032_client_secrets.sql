-- A client may hold two secrets, so that it can go over from one to the other (src/protocol/client_secrets.rs). Of those from before nobody
-- knows when they were made.
CREATE TABLE client_secrets (
    client_id    TEXT NOT NULL REFERENCES clients (client_id),
    place        BIGINT NOT NULL CHECK (place IN (0, 1)),
    secret_id    TEXT NOT NULL,   -- names it among those of the client, and is no secret
    secret_hash  BLOB NOT NULL,
    made_at      BIGINT,
    expires_at   BIGINT,
    last_used_at BIGINT,
    PRIMARY KEY (client_id, place)
);
CREATE INDEX client_secrets_expiry ON client_secrets (expires_at) WHERE expires_at IS NOT NULL;
INSERT INTO client_secrets (client_id, place, secret_id, secret_hash)
    SELECT client_id, 0, 'first', secret_hash FROM clients WHERE secret_hash IS NOT NULL;
ALTER TABLE clients DROP COLUMN secret_hash;
INSERT INTO leases (name, holder, expires_at) VALUES ('expiring secrets', '', 0);
