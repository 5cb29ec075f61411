-- The text of the key that took the place of this one, sealed, until its holder needs it no more.
ALTER TABLE retired_keys ADD COLUMN handover text;

-- Keys that are given another text from time to time.
CREATE INDEX virtual_keys_rotating ON virtual_keys (token_hash) WHERE settings @> '{"auto_rotate": true}';
