-- What is allowed is said of each API: JSON, from its identifier ('' for what is the issuer's own) to its scopes. Rows from before say it of
-- none; what they mean is read from the former columns, which are still written for the list of applications.
ALTER TABLE consents ADD COLUMN allowed TEXT;

-- Requests that a person has denied: no answer of theirs allows them afterwards. Kept for as long as a page of them can go on.
CREATE TABLE denied_requests (
    request_id TEXT PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX denied_requests_expiry ON denied_requests (expires_at);
