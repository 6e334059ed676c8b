-- A place that an attempt to sign in has taken becomes a failure only when the attempt has failed. What was counted before had.
ALTER TABLE sign_in_failures ADD COLUMN failed BIGINT NOT NULL DEFAULT 0;
UPDATE sign_in_failures SET failed = count;
