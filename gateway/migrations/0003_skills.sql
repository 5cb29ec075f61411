-- Skills: named bundles of SKILL.md and files, with immutable versions. Every row is reached through its workspace.

-- Rises with every change of a workspace; writers lock the row, so epochs are seen in order.
CREATE TABLE skill_workspaces (
  workspace_id text PRIMARY KEY,
  epoch        bigint NOT NULL
);

-- Files by content, in parts of at most 1 MiB. Shared by all workspaces and never read by digest alone.
CREATE TABLE skill_blobs (
  digest  text NOT NULL,
  part    integer NOT NULL,
  content bytea NOT NULL,
  PRIMARY KEY (digest, part)
);

CREATE TABLE skills (
  id                 uuid PRIMARY KEY,
  workspace_id       text NOT NULL,
  name               text COLLATE "C" NOT NULL,
  url_slug           text NOT NULL,
  display_name       text,
  description        text NOT NULL,
  category           text,
  tags               text[] NOT NULL,
  trigger_phrases    text[] NOT NULL,
  stability          text NOT NULL,
  skill_type         text,
  skill_scope        text,
  invocation         text,
  is_active          boolean NOT NULL,
  offer_scope        text NOT NULL,
  visibility         text NOT NULL,
  source             text NOT NULL,
  created_by         text,
  eval_yaml          text,
  latest_version_id  uuid NOT NULL,
  default_version_id uuid,
  -- What is served: the default version, else the newest one that is not quarantined.
  served_version_id  uuid,
  changed_epoch      bigint NOT NULL,
  created_at         timestamptz(3) NOT NULL,
  updated_at         timestamptz(3) NOT NULL,
  deleted_at         timestamptz(3),
  -- For the requests that come before the index in memory is ready.
  search_document    tsvector NOT NULL GENERATED ALWAYS AS (to_tsvector('simple', name || ' ' || description)) STORED
);

CREATE INDEX skills_search_document ON skills USING gin (search_document);
CREATE UNIQUE INDEX skills_name ON skills (workspace_id, name) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX skills_url_slug ON skills (workspace_id, url_slug) WHERE deleted_at IS NULL;
CREATE INDEX skills_changed_epoch ON skills (workspace_id, changed_epoch);

-- skill_md is the whole file; its characters from body_start to body_end (UTF-16 units) are the body that content_hash
-- names. created_at_us is unique within a skill.
CREATE TABLE skill_versions (
  id              uuid PRIMARY KEY,
  skill_id        uuid NOT NULL REFERENCES skills (id) ON DELETE CASCADE,
  version_number  integer NOT NULL,
  tree_digest     text NOT NULL,
  content_hash    text NOT NULL,
  description     text NOT NULL,
  skill_md        text NOT NULL,
  body_start      integer NOT NULL,
  body_end        integer NOT NULL,
  change_summary  text,
  author          text,
  created_at_us   bigint NOT NULL,
  safety_status   text NOT NULL,
  is_quarantined  boolean NOT NULL,
  scanner_version text,
  scan            jsonb,
  deleted_at      timestamptz(3),
  UNIQUE (skill_id, version_number)
);

CREATE INDEX skill_versions_content_hash ON skill_versions (skill_id, content_hash);
CREATE INDEX skill_versions_scanner_version ON skill_versions (scanner_version);

-- The files of a version beside SKILL.md.
CREATE TABLE skill_files (
  version_id    uuid NOT NULL REFERENCES skill_versions (id) ON DELETE CASCADE,
  path          text COLLATE "C" NOT NULL,
  digest        text NOT NULL,
  size_bytes    bigint NOT NULL,
  content_type  text NOT NULL,
  is_text       boolean NOT NULL,
  is_executable boolean NOT NULL,
  PRIMARY KEY (version_id, path)
);

-- What a finding of the scan is excused from, until a time.
CREATE TABLE skill_scan_exceptions (
  workspace_id text NOT NULL,
  tree_digest  text NOT NULL,
  check_name   text NOT NULL,
  author       text,
  reason       text NOT NULL,
  expires_at   timestamptz(3),
  created_at   timestamptz(3) NOT NULL,
  PRIMARY KEY (workspace_id, tree_digest, check_name)
);

-- What an installation on a client's disk had when it last synced.
CREATE TABLE skill_installs (
  workspace_id text NOT NULL,
  install_id   text NOT NULL,
  name         text NOT NULL,
  label        text,
  content_hash text NOT NULL,
  synced_at    timestamptz(3) NOT NULL,
  PRIMARY KEY (workspace_id, install_id, name)
);
