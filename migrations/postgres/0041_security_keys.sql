-- Whether it is a security key: a second factor beside a password, which does not check whose it is, and no passkey. Those of before are passkeys.
ALTER TABLE passkeys ADD COLUMN is_security_key BIGINT NOT NULL DEFAULT 0;
