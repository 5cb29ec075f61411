-- An embedding model a workspace brings itself, in the place of the gateway's.
CREATE TABLE workspace_embedders (
  workspace_id text PRIMARY KEY,
  url          text NOT NULL,
  model        text NOT NULL,
  dimensions   integer NOT NULL,
  -- Sealed where the gateway has a salt key; null for a server that asks for none.
  api_key      text,
  updated_at   timestamptz NOT NULL
);
