-- A grant may come about without a browser's sign-in, and may be bound to a key (cnf: JSON, RFC 7800 §3).

-- SQLite takes a NOT NULL away only with its column.
ALTER TABLE grants ADD COLUMN sign_in TEXT;
UPDATE grants SET sign_in = sign_in_id;
DROP INDEX grants_sign_in;
ALTER TABLE grants DROP COLUMN sign_in_id;
ALTER TABLE grants RENAME COLUMN sign_in TO sign_in_id;
CREATE INDEX grants_sign_in ON grants (sign_in_id);

ALTER TABLE grants ADD COLUMN cnf TEXT;
