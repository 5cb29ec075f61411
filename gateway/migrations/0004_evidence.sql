-- Evidence: what the skill router offered, what agents did with it and how well it went. Skills and versions are named
-- without foreign keys, so that history survives them. day is the UTC day of the event; rows are purged by workspace
-- and day, and the rollup keeps what was counted.

-- offered is a list of {skill_id, version_id, content_hash, name, rank, score, relevance, propensity, explored, hinted}.
-- One row a decision: its offers are written, read and purged with it and never apart.
CREATE TABLE routing_decisions (
  routing_id       text PRIMARY KEY,
  workspace_id     text NOT NULL,
  day              date NOT NULL,
  key_hash         text,
  agent_name       text,
  model            text,
  model_family     text NOT NULL,
  source           text NOT NULL,
  strategy         text NOT NULL,
  query_sha256     text,
  query_text       text,
  eligible_count   integer NOT NULL,
  catalogue_digest text NOT NULL,
  offered          jsonb NOT NULL,
  passed_over      jsonb NOT NULL,
  holdout          boolean NOT NULL,
  degraded_reason  text,
  timings          jsonb NOT NULL,
  created_at       timestamptz(3) NOT NULL,
  stored_at        timestamptz(3) NOT NULL
);

CREATE INDEX routing_decisions_day ON routing_decisions (day, workspace_id);
CREATE INDEX routing_decisions_stored_at ON routing_decisions (workspace_id, stored_at);

-- skills is a list of {name, hash, is_ambiguous, is_activated, is_delivered, evidence, model_name, model_family}, worked
-- out when the trace arrives; hash is empty when the trace does not say it. document is what GET shows, with spans and
-- model calls, which nobody asks for apart from their trace.
CREATE TABLE traces (
  workspace_id    text NOT NULL,
  id              uuid NOT NULL,
  day             date NOT NULL,
  agent_name      text NOT NULL,
  status          text NOT NULL,
  source_type     text NOT NULL,
  session_id      text,
  manifest_id     uuid,
  parent_trace_id text,
  routing_ids     text[] NOT NULL,
  skills          jsonb NOT NULL,
  model_name      text NOT NULL,
  model_family    text NOT NULL,
  latency_ms      double precision,
  cost_usd        double precision,
  started_at      timestamptz(3),
  ended_at        timestamptz(3),
  received_at     timestamptz(3) NOT NULL,
  document        json NOT NULL,
  PRIMARY KEY (workspace_id, id)
);

CREATE INDEX traces_day ON traces (day, workspace_id);
CREATE INDEX traces_received_at ON traces (workspace_id, received_at);
CREATE INDEX traces_routing_ids ON traces USING gin (routing_ids);

-- One judgement of a trace, or of a decision whose traces may still come: subject is the id of either. kind is human,
-- explicit or evaluator; a later judgement of the same name replaces the earlier one.
CREATE TABLE outcomes (
  workspace_id text NOT NULL,
  subject      text NOT NULL,
  kind         text NOT NULL,
  name         text NOT NULL,
  verdict      text,
  score        double precision,
  reason       text,
  detail       jsonb NOT NULL,
  created_at   timestamptz(3) NOT NULL,
  updated_at   timestamptz(3) NOT NULL,
  PRIMARY KEY (workspace_id, subject, kind, name)
);

CREATE INDEX outcomes_updated_at ON outcomes (workspace_id, updated_at);

-- Counts by day. generation 0 is counted again whenever something of its day arrives; higher ones were counted before
-- their rows were purged and stay. Readers add them up. The columns up to cost_count count traces, the others decisions.
CREATE TABLE effectiveness_rollup (
  workspace_id     text NOT NULL,
  day              date NOT NULL,
  generation       integer NOT NULL,
  skill_name       text NOT NULL,
  skill_id         text NOT NULL,
  content_hash     text NOT NULL,
  agent_name       text NOT NULL,
  model_name       text NOT NULL,
  model_family     text NOT NULL,
  activations      integer NOT NULL,
  delivered        integer NOT NULL,
  passes           integer NOT NULL,
  fails            integer NOT NULL,
  solo_passes      integer NOT NULL,
  solo_fails       integer NOT NULL,
  errors           integer NOT NULL,
  latency_ms_sum   double precision NOT NULL,
  latency_count    integer NOT NULL,
  cost_usd_sum     double precision NOT NULL,
  cost_count       integer NOT NULL,
  offers           integer NOT NULL,
  hinted           integer NOT NULL,
  offers_delivered integer NOT NULL,
  offers_activated integer NOT NULL,
  closed           integer NOT NULL,
  closed_hinted    integer NOT NULL,
  hinted_activated integer NOT NULL,
  PRIMARY KEY
    (workspace_id, day, generation, skill_name, skill_id, content_hash, agent_name, model_name, model_family)
);

-- How far the counting of a workspace has come.
CREATE TABLE rollup_progress (
  workspace_id text PRIMARY KEY,
  refreshed_at timestamptz(3) NOT NULL
);

-- Days whose rows up to a moment are counted for good and purged, or about to be.
CREATE TABLE purged_days (
  workspace_id  text NOT NULL,
  day           date NOT NULL,
  purged_before timestamptz(3) NOT NULL,
  PRIMARY KEY (workspace_id, day)
);

CREATE TABLE manifests (
  workspace_id     text NOT NULL,
  id               uuid NOT NULL,
  agent_name       text NOT NULL,
  manifest_hash    text NOT NULL,
  version_label    text NOT NULL,
  status           text NOT NULL,
  parent_id        uuid,
  detection_source text,
  components       jsonb NOT NULL,
  details          jsonb NOT NULL,
  created_at       timestamptz(3) NOT NULL,
  PRIMARY KEY (workspace_id, id),
  UNIQUE (workspace_id, agent_name, manifest_hash)
);

-- agent_name is empty for those of the whole workspace. origin is sdk for names that run in a client.
CREATE TABLE evaluators (
  workspace_id text NOT NULL,
  id           uuid NOT NULL,
  agent_name   text NOT NULL,
  name         text NOT NULL,
  origin       text NOT NULL,
  eval_type    text NOT NULL,
  category     text NOT NULL,
  threshold    double precision NOT NULL,
  enabled      boolean NOT NULL,
  settings     jsonb NOT NULL,
  created_at   timestamptz(3) NOT NULL,
  updated_at   timestamptz(3) NOT NULL,
  PRIMARY KEY (workspace_id, id),
  UNIQUE (workspace_id, agent_name, name)
);

CREATE TABLE alerts (
  workspace_id    text NOT NULL,
  id              uuid NOT NULL,
  kind            text NOT NULL,
  severity        text NOT NULL,
  subject         text NOT NULL,
  state           text NOT NULL,
  evidence        jsonb NOT NULL,
  created_at      timestamptz(3) NOT NULL,
  updated_at      timestamptz(3) NOT NULL,
  PRIMARY KEY (workspace_id, id)
);

CREATE UNIQUE INDEX alerts_open ON alerts (workspace_id, kind, subject) WHERE state <> 'resolved';
CREATE INDEX alerts_created_at ON alerts (workspace_id, created_at);

-- Which kinds of alert a workspace wants; those without a row are on.
CREATE TABLE alert_rules (
  workspace_id text NOT NULL,
  kind         text NOT NULL,
  enabled      boolean NOT NULL,
  severity     text NOT NULL,
  updated_at   timestamptz(3) NOT NULL,
  PRIMARY KEY (workspace_id, kind)
);

-- secret is encrypted where a salt key is configured.
CREATE TABLE webhooks (
  workspace_id text NOT NULL,
  id           uuid NOT NULL,
  url          text NOT NULL,
  kinds        text[] NOT NULL,
  secret       text NOT NULL,
  enabled      boolean NOT NULL,
  created_at   timestamptz(3) NOT NULL,
  PRIMARY KEY (workspace_id, id)
);

-- A message on its way to a webhook; delivered ones are kept for a day.
CREATE TABLE webhook_deliveries (
  id           text PRIMARY KEY,
  workspace_id text NOT NULL,
  webhook_id   uuid NOT NULL,
  payload      text NOT NULL,
  attempts     integer NOT NULL,
  state        text NOT NULL,
  last_error   text,
  next_at      timestamptz(3) NOT NULL,
  created_at   timestamptz(3) NOT NULL
);

CREATE INDEX webhook_deliveries_due ON webhook_deliveries (state, next_at);
