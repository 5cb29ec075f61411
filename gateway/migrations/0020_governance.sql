-- Whoever keys belong to or spend is counted for: users, teams, organizations, customers, tags, and the budgets they share.
CREATE TABLE subjects (
  kind            text NOT NULL,
  id              text NOT NULL,
  alias           text,
  organization_id text,
  blocked         boolean NOT NULL,
  models          text[] NOT NULL,
  metadata        jsonb NOT NULL,
  settings        jsonb NOT NULL,
  created_at      timestamptz(3) NOT NULL,
  created_by      text,
  updated_at      timestamptz(3) NOT NULL,
  PRIMARY KEY (kind, id)
);

CREATE INDEX subjects_organization_id ON subjects (organization_id) WHERE organization_id IS NOT NULL;
CREATE INDEX subjects_created_at ON subjects (kind, created_at);
CREATE INDEX subjects_user_email ON subjects (lower(settings->>'user_email')) WHERE kind = 'user';

-- Users in teams and organizations.
CREATE TABLE memberships (
  kind       text NOT NULL,
  group_id   text NOT NULL,
  user_id    text NOT NULL,
  role       text NOT NULL,
  settings   jsonb NOT NULL,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  PRIMARY KEY (kind, group_id, user_id)
);

CREATE INDEX memberships_user_id ON memberships (user_id);

-- Digests a key had before it was regenerated, and how long they are still taken for it.
CREATE TABLE retired_keys (
  token_hash  text PRIMARY KEY,
  successor   text NOT NULL REFERENCES virtual_keys (token_hash) ON UPDATE CASCADE ON DELETE CASCADE,
  valid_until timestamptz(3) NOT NULL
);

CREATE INDEX retired_keys_successor ON retired_keys (successor);

-- The ledger summed up by the hour (UTC), for everybody it is counted for. Written with the rows it sums, in one statement.
CREATE TABLE spend_hours (
  kind           text NOT NULL,
  id             text NOT NULL,
  hour           timestamptz(3) NOT NULL,
  spend_nano_usd bigint NOT NULL,
  requests       bigint NOT NULL,
  failed         bigint NOT NULL,
  input_tokens   bigint NOT NULL,
  output_tokens  bigint NOT NULL,
  PRIMARY KEY (kind, id, hour)
);

CREATE INDEX spend_hours_hour ON spend_hours (hour, kind);

INSERT INTO spend_hours (kind, id, hour, spend_nano_usd, requests, failed, input_tokens, output_tokens)
SELECT part.kind, part.id, date_trunc('hour', started_at, 'UTC'),
  sum(coalesce(cost_nano_usd, 0)), count(*), count(*) FILTER (WHERE status >= 400 OR status = 0),
  sum(coalesce(input_tokens, 0)), sum(coalesce(output_tokens, 0))
FROM spend_logs, LATERAL (
  VALUES ('proxy', ''), ('key', key_hash), ('user', user_id), ('team', team_id),
    ('personal', CASE WHEN team_id IS NULL THEN user_id END),
    ('member', team_id || ':' || user_id), ('organization', organization_id), ('customer', end_user),
    ('model', coalesce(model_group, requested_model)), ('key_model', key_hash || ':' || model_group),
    ('provider', provider), ('deployment', deployment_id)
  UNION ALL SELECT DISTINCT 'tag', tag FROM jsonb_array_elements_text(tags) AS tag
) AS part (kind, id)
WHERE part.id IS NOT NULL
GROUP BY 1, 2, 3;
