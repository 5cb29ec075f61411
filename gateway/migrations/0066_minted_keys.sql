-- Keys that their owners made themselves are found by owner.
CREATE INDEX virtual_keys_minted_by ON virtual_keys ((settings ->> 'minted_by')) WHERE settings ->> 'minted_by' IS NOT NULL;
