-- What mails carry to prove that their reader may act: links by their hash, codes as a MAC (src/protocol/ticket.rs).
CREATE TABLE tickets (
    id           TEXT PRIMARY KEY,
    purpose      TEXT NOT NULL,
    address      TEXT NOT NULL,
    user_id      TEXT REFERENCES users (id),   -- known when the mail is sent, or from the beginning
    link_hash    BYTEA NOT NULL UNIQUE,
    code_mac     TEXT,
    journey      TEXT,                         -- sealed: where the browser that asked was on its way to
    details      TEXT NOT NULL,                -- JSON
    expires_at   BIGINT NOT NULL,
    browser_hash BYTEA                          -- the browser that has proved it, and may finish
);
CREATE INDEX tickets_address ON tickets (address, purpose);
CREATE INDEX tickets_user ON tickets (user_id);
CREATE INDEX tickets_expiry ON tickets (expires_at);
