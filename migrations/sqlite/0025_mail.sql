-- Mails that are still to be sent. A node takes rows by a lease, so that each is sent by one at a time. What is written in one is sealed.
CREATE TABLE mail_outbox (
    id           TEXT PRIMARY KEY,
    to_address   TEXT NOT NULL,
    user_id      TEXT,
    about        TEXT NOT NULL,
    message      BLOB NOT NULL,
    language     TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT,
    attempts     BIGINT NOT NULL DEFAULT 0,
    due_at       BIGINT NOT NULL,
    leased_until BIGINT NOT NULL DEFAULT 0,
    last_error   TEXT
);
CREATE INDEX mail_outbox_due ON mail_outbox (due_at);
CREATE INDEX mail_outbox_user ON mail_outbox (user_id);

-- How many mails of a kind there were lately: to an address, or about one event of an account. The names are keyed hashes.
CREATE TABLE mail_marks (
    name       TEXT PRIMARY KEY,
    count      BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX mail_marks_expiry ON mail_marks (expires_at);
