-- Accounts that are about to go, and those whose address was never proved (src/protocol/leaving.rs, src/protocol/unproven.rs).
ALTER TABLE users ADD COLUMN delete_after BIGINT;      -- the person is leaving: after that the account goes
ALTER TABLE users ADD COLUMN proof_warnings BIGINT;    -- made by a person while mail was on: how often it was said that a proof is missing,
ALTER TABLE users ADD COLUMN proof_warned_at BIGINT;   -- and when last
CREATE INDEX users_leaving ON users (delete_after) WHERE delete_after IS NOT NULL;
CREATE INDEX users_unproven ON users (created_at, id) WHERE proof_warnings IS NOT NULL AND email_verified = 0;
