-- Who stands for it that an address is the account's. Of what was verified before this was kept nobody knows by whom, so it stays with its account; what
-- somebody typed and never proved is nobody's word, as before.

ALTER TABLE users ADD COLUMN email_authority TEXT NOT NULL DEFAULT 'unknown';
UPDATE users SET email_authority = 'nobody' WHERE email_verified = 0 AND made_by = 'person';
