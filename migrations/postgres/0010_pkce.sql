-- Whether a request needs PKCE has three answers: required, nonce, optional.

ALTER TABLE clients ADD COLUMN pkce TEXT NOT NULL DEFAULT 'required';
UPDATE clients SET pkce = 'optional' WHERE pkce_required = 0;
ALTER TABLE clients DROP COLUMN pkce_required;
