-- Keys that were given another text are found by the first digest they had, when keys made with them are used.
CREATE INDEX virtual_keys_account ON virtual_keys ((settings -> 'former_hashes' ->> 0)) WHERE settings -> 'former_hashes' ->> 0 IS NOT NULL;
