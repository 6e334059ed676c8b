-- What type an API's access tokens say they are: at+jwt (RFC 9068), or jwt for those that insist on JWT.

ALTER TABLE resources ADD COLUMN token_type TEXT NOT NULL DEFAULT 'at+jwt';
