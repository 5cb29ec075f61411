CREATE TABLE virtual_keys (
  token_hash      text PRIMARY KEY,
  key_name        text NOT NULL,
  key_alias       text CONSTRAINT virtual_keys_key_alias_key UNIQUE,
  user_id         text,
  team_id         text,
  organization_id text,
  models          text[] NOT NULL,
  aliases         jsonb NOT NULL,
  allowed_routes  text[] NOT NULL,
  tags            text[] NOT NULL,
  metadata        jsonb NOT NULL,
  blocked         boolean NOT NULL,
  expires_at      timestamptz(3),
  created_at      timestamptz(3) NOT NULL,
  created_by      text,
  updated_at      timestamptz(3) NOT NULL,
  settings        jsonb NOT NULL
);

CREATE INDEX virtual_keys_user_id ON virtual_keys (user_id);
CREATE INDEX virtual_keys_team_id ON virtual_keys (team_id);
CREATE INDEX virtual_keys_organization_id ON virtual_keys (organization_id);
CREATE INDEX virtual_keys_created_at ON virtual_keys (created_at);

-- entry_id is the journal's own identity of a row: the segment and line it was written to. A request id is not
-- enough for "exactly once", since callers choose it and may send the same one for two calls that both cost.
CREATE TABLE spend_logs (
  entry_id                    text PRIMARY KEY,
  request_id                  text NOT NULL,
  attempt                     integer NOT NULL,
  call_type                   text NOT NULL,
  dialect                     text NOT NULL,
  started_at                  timestamptz(3) NOT NULL,
  first_token_at              timestamptz(3),
  ended_at                    timestamptz(3) NOT NULL,
  key_hash                    text,
  user_id                     text,
  team_id                     text,
  organization_id             text,
  end_user                    text,
  tags                        jsonb NOT NULL,
  requested_model             text NOT NULL,
  model_group                 text,
  deployment_id               text,
  provider                    text,
  upstream_model              text,
  api_base                    text,
  status                      integer NOT NULL,
  error_code                  text,
  input_tokens                bigint,
  output_tokens               bigint,
  cache_read_tokens           bigint,
  cache_write_tokens          bigint,
  cache_write_one_hour_tokens bigint,
  reasoning_tokens            bigint,
  audio_input_tokens          bigint,
  audio_output_tokens         bigint,
  search_calls                bigint,
  estimated                   boolean NOT NULL,
  cost_nano_usd               bigint,
  cache_hit                   boolean NOT NULL,
  strategy                    text,
  retries                     integer NOT NULL,
  fallbacks                   integer NOT NULL,
  session_id                  text,
  client_ip_hash              text
);

CREATE INDEX spend_logs_request_id ON spend_logs (request_id, attempt);
CREATE INDEX spend_logs_key_hash_started_at ON spend_logs (key_hash, started_at);
CREATE INDEX spend_logs_started_at ON spend_logs (started_at);
