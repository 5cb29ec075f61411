-- What was used against quotas and usage policies, by counter (what counts and in which window) and whose use it is.
CREATE TABLE use_counters (
  subject   text NOT NULL,
  group_key text NOT NULL,
  used      bigint NOT NULL,
  ends_at   timestamptz(3),
  PRIMARY KEY (subject, group_key)
);

CREATE INDEX use_counters_ends_at ON use_counters (ends_at) WHERE ends_at IS NOT NULL;
