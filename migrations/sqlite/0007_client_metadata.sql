-- What a client may do is its own set; what is seldom read of it is one JSON text.

ALTER TABLE clients ADD COLUMN grant_types TEXT NOT NULL DEFAULT '["authorization_code","refresh_token"]';
UPDATE clients SET grant_types = '["client_credentials"]' WHERE client_type = 'service';

ALTER TABLE clients ADD COLUMN metadata TEXT NOT NULL DEFAULT '{}';
-- The patch leaves out what is NULL.
UPDATE clients SET metadata = json_patch('{}', json_object('post_logout_redirect_uris', json(post_logout_redirect_uris),
    'policy_uri', policy_uri, 'tos_uri', tos_uri));
ALTER TABLE clients DROP COLUMN post_logout_redirect_uris;
ALTER TABLE clients DROP COLUMN policy_uri;
ALTER TABLE clients DROP COLUMN tos_uri;

-- Lists are read page by page.
CREATE INDEX clients_created ON clients (created_at, client_id);
CREATE INDEX users_created ON users (created_at, id);
CREATE INDEX resources_created ON resources (created_at, identifier);
CREATE INDEX sign_ins_created ON sign_ins (created_at, id);
