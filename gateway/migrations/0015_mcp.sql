-- Tool servers that were registered over REST. settings has no secrets; secrets is sealed.
CREATE TABLE mcp_servers (
  server_id  text PRIMARY KEY,
  settings   jsonb NOT NULL,
  secrets    text,
  revision   bigint NOT NULL,
  created_at timestamptz(3) NOT NULL,
  created_by text,
  updated_at timestamptz(3) NOT NULL,
  updated_by text
);

-- Definitions of tools, prompts and resource templates that may be used: what servers say now is held against them.
CREATE TABLE mcp_pins (
  server_id  text NOT NULL,
  kind       text NOT NULL,
  name       text NOT NULL,
  digest     text NOT NULL,
  definition jsonb NOT NULL,
  pinned_at  timestamptz(3) NOT NULL,
  pinned_by  text,
  PRIMARY KEY (server_id, kind, name)
);

-- One row: rises with every change of the tables above, so that replicas know when to read them again.
CREATE TABLE mcp_epoch (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  epoch    bigint NOT NULL
);
INSERT INTO mcp_epoch (epoch) VALUES (0);
