-- An account may have no address; who made it; and the roles that providers give it, beside those that were given here. Of accounts from
-- before nobody knows who made them.

ALTER TABLE users ALTER COLUMN email DROP NOT NULL;
ALTER TABLE users ADD COLUMN made_by TEXT NOT NULL DEFAULT 'unknown';
ALTER TABLE users ADD COLUMN upstream_roles TEXT NOT NULL DEFAULT '[]';
