-- Skills somebody took off an agent: a sync that says so leaves them off.
CREATE TABLE removed_agent_skills (
  workspace_id text NOT NULL,
  agent_name   text NOT NULL,
  skill_id     uuid NOT NULL REFERENCES skills (id) ON DELETE CASCADE,
  removed_at   timestamptz(3) NOT NULL,
  PRIMARY KEY (workspace_id, agent_name, skill_id)
);
