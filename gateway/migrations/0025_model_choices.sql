-- Which model was chosen for a request, and what is needed to credit it later. No text of the prompt.
CREATE TABLE model_choices (
  decision_id  text PRIMARY KEY,
  request_id   text NOT NULL,
  workspace_id text NOT NULL,
  key_hash     text,
  user_id      text,
  team_id      text,
  router       text NOT NULL,
  arm          text NOT NULL,
  domain       text NOT NULL,
  tier         text NOT NULL,
  strategy     text NOT NULL,
  profile      text NOT NULL,
  bundle_id    text NOT NULL,
  -- The estimate the residual is taken against.
  quality      double precision NOT NULL,
  propensity   double precision NOT NULL,
  -- Whether outcomes may teach: not where the caller said no.
  learns       boolean NOT NULL,
  status       integer NOT NULL,
  input_tokens  bigint,
  output_tokens bigint,
  cost_usd     double precision,
  -- What the baseline model would have cost.
  baseline_usd double precision,
  task_id      text,
  details      jsonb NOT NULL,
  created_at   timestamptz(3) NOT NULL
);
CREATE INDEX model_choices_request ON model_choices (request_id);
CREATE INDEX model_choices_created ON model_choices (created_at);

-- One judgement of a choice by source; a later one of the same source replaces it.
CREATE TABLE model_feedback (
  decision_id text NOT NULL REFERENCES model_choices ON DELETE CASCADE,
  source      text NOT NULL,
  -- 0 to 1; null for a review, which teaches nothing.
  score       double precision,
  weight      double precision NOT NULL,
  reason      text,
  key_hash    text,
  updated_at  timestamptz(3) NOT NULL,
  PRIMARY KEY (decision_id, source)
);

-- Sums over the judged choices of a day. Sums only, so that any number of gateways add to them.
CREATE TABLE model_learning (
  bundle_id text NOT NULL,
  domain    text NOT NULL,
  tier      text NOT NULL,
  arm       text NOT NULL,
  day       date NOT NULL,
  weight    double precision NOT NULL,
  reward    double precision NOT NULL,
  residual  double precision NOT NULL,
  judged    bigint NOT NULL,
  PRIMARY KEY (bundle_id, domain, tier, arm, day)
);
