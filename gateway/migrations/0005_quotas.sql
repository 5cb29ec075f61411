-- What admins limit, for a workspace or (key_hash set) for one key in it. Without a row nothing is limited.
CREATE TABLE quotas (
  workspace_id text NOT NULL,
  key_hash     text NOT NULL DEFAULT '',
  plan         text NOT NULL,
  limits       jsonb NOT NULL,
  updated_at   timestamptz(3) NOT NULL,
  PRIMARY KEY (workspace_id, key_hash)
);

-- What was used of a monthly limit, counted from the moment the limit was set. month is YYYY-MM, UTC.
CREATE TABLE quota_usage (
  workspace_id text NOT NULL,
  key_hash     text NOT NULL DEFAULT '',
  dimension    text NOT NULL,
  month        text NOT NULL,
  used         bigint NOT NULL,
  PRIMARY KEY (workspace_id, key_hash, dimension, month)
);
