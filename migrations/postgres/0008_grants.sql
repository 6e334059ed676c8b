-- A grant may come about without a browser's sign-in, and may be bound to a key (cnf: JSON, RFC 7800 §3).

ALTER TABLE grants ALTER COLUMN sign_in_id DROP NOT NULL;

ALTER TABLE grants ADD COLUMN cnf TEXT;
