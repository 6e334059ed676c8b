-- The record of what happened. A row is written in the transaction of what it records, and refers to nothing: what it names may be
-- deleted, and the record stays. Rows of one kind that come in floods are counted into one (fold) until their minute is over.

CREATE TABLE audit (
    id        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        BIGINT NOT NULL,
    event     TEXT NOT NULL,
    actor     TEXT NOT NULL,
    subject   TEXT,
    user_id   TEXT,
    client_id TEXT,
    network   TEXT,
    trace     TEXT,
    outcome   TEXT NOT NULL,
    details   TEXT NOT NULL,
    times     BIGINT NOT NULL DEFAULT 1,
    fold      TEXT,
    batch     BIGINT
);
CREATE UNIQUE INDEX audit_fold ON audit (fold) WHERE fold IS NOT NULL;
CREATE INDEX audit_unsealed ON audit (id) WHERE batch IS NULL;
CREATE INDEX audit_batch ON audit (batch, id) WHERE batch IS NOT NULL;
CREATE INDEX audit_user ON audit (user_id, id) WHERE user_id IS NOT NULL;
CREATE INDEX audit_time ON audit (at);

-- Batches of sealed rows, each with the ids and seals of its rows and a hash over those and the hash before. The last one of those whose
-- rows were removed for their age stays as the anchor of the rest.
CREATE TABLE audit_batches (
    batch     BIGINT PRIMARY KEY,
    sealed_at BIGINT NOT NULL,
    newest_at BIGINT NOT NULL,
    seals     TEXT NOT NULL,
    hash      TEXT NOT NULL,
    anchor    TEXT
);
INSERT INTO leases (name, holder, expires_at) VALUES ('audit', '', 0);
