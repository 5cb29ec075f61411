-- Experiments between strategies that choose models. state is draft, running, review, approved, rejected, stopped or rolled_back; document is
-- the rest of it.
CREATE TABLE routing_experiments (
  id         text PRIMARY KEY,
  state      text NOT NULL,
  document   jsonb NOT NULL,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL
);

-- The first decision of a unit that its variant could make a difference to.
CREATE TABLE routing_exposures (
  experiment_id text NOT NULL,
  -- Hex digits of a hash; nobody can be read from it.
  unit          text NOT NULL,
  variant       text NOT NULL,
  decision_id   text NOT NULL,
  strategy      text NOT NULL,
  created_at    timestamptz(3) NOT NULL,
  PRIMARY KEY (experiment_id, unit)
);

ALTER TABLE model_choices ADD COLUMN experiment_id text;
ALTER TABLE model_choices ADD COLUMN variant text;
ALTER TABLE model_choices ADD COLUMN unit text;
ALTER TABLE model_choices ADD COLUMN exposes boolean NOT NULL DEFAULT false;
ALTER TABLE model_choices ADD COLUMN latency_ms double precision;
CREATE INDEX model_choices_experiment ON model_choices (experiment_id, created_at) WHERE experiment_id IS NOT NULL;
