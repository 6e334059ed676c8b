-- The context class in which whoever has a role must sign in (src/protocol/demand.rs); of an application it stands in its metadata.
ALTER TABLE roles ADD COLUMN acr TEXT;
