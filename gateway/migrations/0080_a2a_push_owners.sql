-- Nobody hears of tasks by a key that is gone. Null for the operator's own keys, which are in no table.
ALTER TABLE a2a_push_configs
  ADD COLUMN key_hash text REFERENCES virtual_keys (token_hash) ON UPDATE CASCADE ON DELETE CASCADE;
CREATE INDEX a2a_push_configs_key_hash ON a2a_push_configs (key_hash);
