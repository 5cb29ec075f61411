-- Models and credentials that are managed over the API, beside those of the configuration.
CREATE TABLE managed_models (
  model_id   text PRIMARY KEY,
  model_name text NOT NULL,
  -- The parameters of the deployment as JSON, sealed: they hold keys of providers.
  params     text NOT NULL,
  info       jsonb NOT NULL,
  created_by text,
  updated_by text,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);

CREATE TABLE managed_credentials (
  name       text PRIMARY KEY,
  -- The values as JSON, sealed.
  held       text NOT NULL,
  info       jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);

-- Counts changes, so that gateways that share nothing but the database notice them.
CREATE TABLE managed_version (
  one_row boolean PRIMARY KEY DEFAULT true CHECK (one_row),
  version bigint NOT NULL
);
INSERT INTO managed_version (version) VALUES (0);
