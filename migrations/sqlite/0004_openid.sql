-- OpenID Connect: single claims, how a person authenticated, and logout by the back channel.

ALTER TABLE users ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0;
UPDATE users SET updated_at = created_at;

-- The methods of the last authentication, separated by spaces (RFC 8176).
ALTER TABLE sign_ins ADD COLUMN methods TEXT NOT NULL DEFAULT 'pwd';
ALTER TABLE grants ADD COLUMN methods TEXT NOT NULL DEFAULT 'pwd';
-- The request's claims parameter, as JSON.
ALTER TABLE grants ADD COLUMN claims TEXT NOT NULL DEFAULT '{}';

ALTER TABLE clients ADD COLUMN policy_uri TEXT;
ALTER TABLE clients ADD COLUMN tos_uri TEXT;
ALTER TABLE clients ADD COLUMN backchannel_logout_uri TEXT;

-- Clients that are still to be told that a sign-in has ended. A node takes rows by a lease, so that each is sent by one at a time.
CREATE TABLE logout_outbox (
    client_id    TEXT NOT NULL REFERENCES clients (client_id),
    sign_in_id   TEXT NOT NULL,
    user_id      TEXT NOT NULL,
    ended_at     BIGINT NOT NULL,
    attempts     BIGINT NOT NULL DEFAULT 0,
    due_at       BIGINT NOT NULL,
    leased_until BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (client_id, sign_in_id)
);
CREATE INDEX logout_outbox_due ON logout_outbox (due_at);
