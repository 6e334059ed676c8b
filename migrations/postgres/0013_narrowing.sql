-- How often a client was switched off: tokens from before stay ended when it is switched on again.
ALTER TABLE clients ADD COLUMN era BIGINT NOT NULL DEFAULT 0;

-- The scopes that an API owned once and gave up: nobody has them any more, until somebody owns them again. JSON list.
ALTER TABLE resources ADD COLUMN former_scopes TEXT NOT NULL DEFAULT '[]';
