-- Whether the maker of the device attested what it is, up to a root certificate that the operator trusts. Of those of before nobody was asked.
ALTER TABLE passkeys ADD COLUMN is_attested BIGINT NOT NULL DEFAULT 0;
