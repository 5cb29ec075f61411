-- When a model turned out other than it used to, last.
ALTER TABLE model_drift ADD COLUMN changed_at timestamptz(3);
CREATE INDEX model_feedback_updated_at ON model_feedback (updated_at);

-- Which bundle was staged, put in force or taken back when. Bundles themselves are folders.
CREATE TABLE routing_bundle_moves (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- stage, promote or rollback.
  action     text NOT NULL,
  -- Null goes back to the bundle of the configuration.
  bundle_id  text,
  forced     boolean NOT NULL,
  key_hash   text,
  created_at timestamptz(3) NOT NULL
);
