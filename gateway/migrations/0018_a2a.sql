-- Agents of other servers that callers reach through the gateway. `registration` holds what was registered; what is
-- secret in it is sealed.
CREATE TABLE a2a_agents (
  agent_id     text PRIMARY KEY,
  agent_name   text NOT NULL UNIQUE,
  team_id      text,
  is_public    boolean NOT NULL,
  registration jsonb NOT NULL,
  created_by   text,
  updated_by   text,
  created_at   timestamptz(3) NOT NULL,
  updated_at   timestamptz(3) NOT NULL
);

-- Who may see a task. Nothing of its content is kept.
CREATE TABLE a2a_tasks (
  agent_id   text NOT NULL,
  task_id    text NOT NULL,
  owner      text NOT NULL,
  team_id    text,
  context_id text,
  state      text,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  PRIMARY KEY (agent_id, task_id)
);
CREATE INDEX a2a_tasks_owner ON a2a_tasks (agent_id, owner, updated_at DESC);
CREATE INDEX a2a_tasks_updated_at ON a2a_tasks (updated_at);

-- Who may continue a conversation.
CREATE TABLE a2a_contexts (
  agent_id   text NOT NULL,
  context_id text NOT NULL,
  owner      text NOT NULL,
  team_id    text,
  created_at timestamptz(3) NOT NULL,
  PRIMARY KEY (agent_id, context_id)
);
CREATE INDEX a2a_contexts_created_at ON a2a_contexts (created_at);

-- Where news of a task is sent. `config` is sealed; `token_hash` is the SHA-256 of the token in the address that the
-- agent calls.
CREATE TABLE a2a_push_configs (
  agent_id   text NOT NULL,
  task_id    text NOT NULL,
  config_id  text NOT NULL,
  token_hash text NOT NULL UNIQUE,
  config     text NOT NULL,
  created_at timestamptz(3) NOT NULL,
  PRIMARY KEY (agent_id, task_id, config_id)
);

-- How an agent did on a day, UTC.
CREATE TABLE a2a_activity (
  agent_id   text NOT NULL,
  day        date NOT NULL,
  calls      bigint NOT NULL,
  successes  bigint NOT NULL,
  latency_ms double precision NOT NULL,
  PRIMARY KEY (agent_id, day)
);
