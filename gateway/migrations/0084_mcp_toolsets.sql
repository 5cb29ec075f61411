-- Lists of tools, of one server or several, under a name that keys and addresses can use. They count in mcp_epoch.
CREATE TABLE mcp_toolsets (
  toolset_id  text PRIMARY KEY,
  name        text NOT NULL,
  description text,
  tools       jsonb NOT NULL,
  created_at  timestamptz(3) NOT NULL,
  created_by  text,
  updated_at  timestamptz(3) NOT NULL,
  updated_by  text
);
CREATE UNIQUE INDEX mcp_toolsets_name ON mcp_toolsets (lower(name));
