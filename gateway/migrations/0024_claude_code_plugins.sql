-- Plugins of Claude Code that the marketplace names, for all workspaces. source tells where its git repository is;
-- manifest holds what people read: description, author, keywords and the like.
CREATE TABLE claude_code_plugins (
  name       text COLLATE "C" PRIMARY KEY,
  id         uuid NOT NULL,
  source     jsonb NOT NULL,
  manifest   jsonb NOT NULL,
  is_enabled boolean NOT NULL,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL
);
