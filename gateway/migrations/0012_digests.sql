-- Weeks of which a workspace was sent its digest; week is the Monday it began with, UTC.
CREATE TABLE sent_digests (
  workspace_id text NOT NULL,
  week         date NOT NULL,
  sent_at      timestamptz(3) NOT NULL,
  PRIMARY KEY (workspace_id, week)
);
