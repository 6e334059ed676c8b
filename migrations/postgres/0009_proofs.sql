-- How a person authenticated: proofs with their times as JSON, in place of the names of methods.

ALTER TABLE sign_ins ADD COLUMN proofs TEXT NOT NULL DEFAULT '[]';
UPDATE sign_ins SET proofs = '[{"kind":"password","at":' || auth_time || '}]';
ALTER TABLE sign_ins DROP COLUMN methods;

ALTER TABLE grants ADD COLUMN proofs TEXT NOT NULL DEFAULT '[]';
UPDATE grants SET proofs = '[{"kind":"password","at":' || auth_time || '}]';
ALTER TABLE grants DROP COLUMN methods;
ALTER TABLE grants DROP COLUMN auth_time;
