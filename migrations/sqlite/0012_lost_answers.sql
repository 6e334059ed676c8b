-- A refresh answer that was lost is superseded by another while nobody has used what it gave: consumed_at is when the last answer was given
-- (or, of a superseded token, when it was), first_used_at when the first was. Rows from before have no other answer than their first.

ALTER TABLE refresh_tokens ADD COLUMN first_used_at BIGINT;
ALTER TABLE refresh_tokens ADD COLUMN superseded_at BIGINT;
