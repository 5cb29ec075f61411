-- The decision about skills that a choice was made with, so that an outcome of one can be credited to the other.
ALTER TABLE model_choices ADD COLUMN routing_id text;
CREATE INDEX model_choices_routing_id ON model_choices (routing_id) WHERE routing_id IS NOT NULL;

-- What was learned before a model changed counts little afterwards.
ALTER TABLE model_learning ADD COLUMN epoch integer NOT NULL DEFAULT 0;
ALTER TABLE model_learning DROP CONSTRAINT model_learning_pkey;
ALTER TABLE model_learning ADD PRIMARY KEY (bundle_id, domain, tier, arm, day, epoch);

-- How far a model's rewards have wandered from what they used to be.
CREATE TABLE model_drift (
  arm     text PRIMARY KEY,
  above   double precision NOT NULL,
  below   double precision NOT NULL,
  epoch   integer NOT NULL,
  rewards integer NOT NULL,
  -- Their mean distance from what was expected.
  level   double precision NOT NULL
);

-- What a user thinks of a model: sums as of updated_at, halved every 30 days.
CREATE TABLE model_preferences (
  workspace_id text NOT NULL,
  user_id      text NOT NULL,
  arm          text NOT NULL,
  weight       double precision NOT NULL,
  -- Σ weight · score, with scores from -1 to 1.
  reward       double precision NOT NULL,
  updated_at   timestamptz(3) NOT NULL,
  PRIMARY KEY (workspace_id, user_id, arm)
);
CREATE INDEX model_preferences_updated_at ON model_preferences (updated_at);
