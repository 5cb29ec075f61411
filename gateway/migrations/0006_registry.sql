-- A skill's place in the registry. The row stays when it is unpublished: links follow its last safe version for a while.
-- What people compare skills by is computed from time to time and kept here, null where nothing is known.
CREATE TABLE registry_entries (
  skill_id            uuid PRIMARY KEY REFERENCES skills (id) ON DELETE CASCADE,
  workspace_id        text NOT NULL,
  name                text COLLATE "C" NOT NULL,
  url_slug            text NOT NULL,
  category            text NOT NULL,
  tags                text[] NOT NULL,
  badge               text NOT NULL,
  author_display_name text,
  published_at        timestamptz(3) NOT NULL,
  unpublished_at      timestamptz(3),
  skill_score         double precision,
  score_components    jsonb,
  pass_rate           double precision,
  effectiveness       double precision,
  trend               text,
  by_model            jsonb,
  improvement_pts     double precision,
  tokens_delta_pct    double precision,
  turns_delta_pct     double precision,
  lift                double precision,
  activations_30d     bigint NOT NULL DEFAULT 0,
  install_count       bigint NOT NULL DEFAULT 0,
  rating_avg          double precision,
  rating_count        bigint NOT NULL DEFAULT 0
);

CREATE UNIQUE INDEX registry_entries_name ON registry_entries (name) WHERE unpublished_at IS NULL;
CREATE UNIQUE INDEX registry_entries_url_slug ON registry_entries (url_slug) WHERE unpublished_at IS NULL;

-- Public skills a workspace uses live. What is served is chosen from the source and kept, so that readers need no rules;
-- null serves nothing. name is that of the skill, so that two links cannot share one. A removed link stays for readers
-- that ask what has changed.
CREATE TABLE skill_links (
  workspace_id      text NOT NULL,
  skill_id          uuid NOT NULL REFERENCES skills (id) ON DELETE CASCADE,
  id                uuid NOT NULL,
  name              text COLLATE "C" NOT NULL,
  offer_scope       text NOT NULL,
  pinned_version_id uuid,
  served_version_id uuid,
  -- The epoch of the source this was chosen at.
  source_epoch      bigint NOT NULL,
  changed_epoch     bigint NOT NULL,
  created_by        text,
  created_at        timestamptz(3) NOT NULL,
  removed_at        timestamptz(3),
  PRIMARY KEY (workspace_id, skill_id)
);

CREATE UNIQUE INDEX skill_links_name ON skill_links (workspace_id, name) WHERE removed_at IS NULL;
CREATE INDEX skill_links_skill_id ON skill_links (skill_id) WHERE removed_at IS NULL;
CREATE INDEX skill_links_changed_epoch ON skill_links (workspace_id, changed_epoch);

-- The skills of a workspace as it sees them: its own, and those it links, under its own id, scope and epoch. A link
-- that is removed, or whose name an own skill has, counts as deleted.
CREATE VIEW workspace_skills AS
SELECT id, workspace_id, name, url_slug, display_name, description, category, tags, trigger_phrases, stability,
  skill_type, skill_scope, invocation, is_active, offer_scope, visibility, source, created_by, eval_yaml,
  latest_version_id, default_version_id, served_version_id, changed_epoch, created_at, updated_at, deleted_at,
  search_document, false AS is_linked
FROM skills
UNION ALL
SELECT s.id, l.workspace_id, s.name, s.url_slug, s.display_name, s.description, s.category, s.tags,
  s.trigger_phrases, s.stability, s.skill_type, s.skill_scope, s.invocation, s.is_active, l.offer_scope,
  s.visibility, 'registry'::text, NULL::text, s.eval_yaml, l.served_version_id, l.pinned_version_id,
  l.served_version_id, greatest(l.changed_epoch, own.changed_epoch), l.created_at, s.updated_at,
  coalesce(l.removed_at, own.living_since, s.deleted_at), s.search_document, true
FROM skill_links AS l
JOIN skills AS s ON s.id = l.skill_id
LEFT JOIN LATERAL (
  SELECT max(o.changed_epoch) AS changed_epoch,
    max(o.created_at) FILTER (WHERE o.deleted_at IS NULL) AS living_since
  FROM skills AS o WHERE o.workspace_id = l.workspace_id AND o.name = s.name
) AS own ON true;

-- Copies of public skills. copy_id is null while the copy is being made; detached ones know their origin no more.
CREATE TABLE skill_forks (
  workspace_id        text NOT NULL,
  upstream_skill_id   uuid NOT NULL REFERENCES skills (id) ON DELETE CASCADE,
  upstream_version_id uuid NOT NULL,
  copy_id             uuid UNIQUE REFERENCES skills (id) ON DELETE CASCADE,
  detached_at         timestamptz(3),
  created_at          timestamptz(3) NOT NULL,
  PRIMARY KEY (workspace_id, upstream_skill_id)
);

CREATE INDEX skill_forks_upstream_skill_id ON skill_forks (upstream_skill_id);

-- Agents somebody told the gateway about; others are known by their traces alone.
CREATE TABLE agents (
  workspace_id         text NOT NULL,
  agent_name           text NOT NULL,
  id                   uuid NOT NULL,
  pinned_prompt_number integer,
  created_at           timestamptz(3) NOT NULL,
  PRIMARY KEY (workspace_id, agent_name)
);

CREATE TABLE agent_skills (
  workspace_id      text NOT NULL,
  agent_name        text NOT NULL,
  skill_id          uuid NOT NULL REFERENCES skills (id) ON DELETE CASCADE,
  id                uuid NOT NULL,
  pinned_version_id uuid,
  created_at        timestamptz(3) NOT NULL,
  PRIMARY KEY (workspace_id, agent_name, skill_id)
);

CREATE INDEX agent_skills_skill_id ON agent_skills (workspace_id, skill_id);

CREATE TABLE agent_prompts (
  workspace_id   text NOT NULL,
  agent_name     text NOT NULL,
  version_number integer NOT NULL,
  id             uuid NOT NULL,
  system_prompt  text,
  content_hash   text NOT NULL,
  label          text,
  author         text,
  created_at     timestamptz(3) NOT NULL,
  PRIMARY KEY (workspace_id, agent_name, version_number)
);

CREATE TABLE skill_bundles (
  id           uuid PRIMARY KEY,
  workspace_id text NOT NULL,
  name         text NOT NULL,
  description  text NOT NULL,
  created_at   timestamptz(3) NOT NULL,
  updated_at   timestamptz(3) NOT NULL,
  CONSTRAINT skill_bundles_name UNIQUE (workspace_id, name)
);

CREATE TABLE skill_bundle_items (
  bundle_id         uuid NOT NULL REFERENCES skill_bundles (id) ON DELETE CASCADE,
  position          integer NOT NULL,
  skill_id          uuid NOT NULL REFERENCES skills (id) ON DELETE CASCADE,
  pinned_version_id uuid,
  PRIMARY KEY (bundle_id, skill_id)
);

-- One opinion a workspace.
CREATE TABLE skill_ratings (
  skill_id     uuid NOT NULL REFERENCES skills (id) ON DELETE CASCADE,
  workspace_id text NOT NULL,
  rating       smallint NOT NULL,
  rated_at     timestamptz(3) NOT NULL,
  PRIMARY KEY (skill_id, workspace_id)
);

-- Runs are never changed: suite, model and results are those of the day. Only verified ones were made by the gateway.
CREATE TABLE benchmark_runs (
  id             uuid PRIMARY KEY,
  workspace_id   text NOT NULL,
  skill_id       uuid NOT NULL REFERENCES skills (id) ON DELETE CASCADE,
  version_id     uuid NOT NULL,
  version_number integer NOT NULL,
  is_verified    boolean NOT NULL,
  model          text,
  runs           integer NOT NULL,
  triggered_by   text,
  report         jsonb NOT NULL,
  suite          text,
  created_at     timestamptz(3) NOT NULL
);

CREATE INDEX benchmark_runs_skill_id ON benchmark_runs (skill_id, created_at);

-- Workspaces whose numbers count towards those of public skills.
CREATE TABLE evidence_sharing (
  workspace_id text PRIMARY KEY,
  since        timestamptz(3) NOT NULL
);
