-- Since when an account has its password, and when that last signed somebody in: of passwords from before nobody knows. And when an application
-- was first allowed anything, which what is allowed later leaves as it is.
ALTER TABLE users ADD COLUMN password_set_at BIGINT;
ALTER TABLE users ADD COLUMN password_used_at BIGINT;
ALTER TABLE consents ADD COLUMN first_given_at BIGINT;
UPDATE consents SET first_given_at = given_at;
