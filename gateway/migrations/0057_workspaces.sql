-- Which workspace a call is counted for; null for calls of none, and for those before there were any.
ALTER TABLE spend_logs ADD COLUMN workspace_id text;

CREATE INDEX virtual_keys_governed ON virtual_keys (token_hash) WHERE settings ? 'key_governance';
