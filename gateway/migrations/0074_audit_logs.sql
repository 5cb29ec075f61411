-- Who did what, and when. Rows are only added, each chained by its hash to the one before it in the chain of its node.
CREATE TABLE audit_logs (
  chain          text NOT NULL,
  seq            bigint NOT NULL,
  id             text NOT NULL UNIQUE,
  timestamp      timestamptz(3) NOT NULL,
  request_id     text,
  actor_type     text NOT NULL,
  actor_id       text,
  action         text NOT NULL,
  resource_type  text NOT NULL,
  resource_id    text,
  outcome        text NOT NULL,
  outcome_reason text,
  metadata       jsonb NOT NULL,
  previous_hash  text NOT NULL,
  hash           text NOT NULL,
  PRIMARY KEY (chain, seq)
);
CREATE INDEX audit_logs_newest ON audit_logs (timestamp DESC, id DESC);
CREATE INDEX audit_logs_action ON audit_logs (action, timestamp DESC);

-- What a row says of a person. The row itself holds a salted digest, so that a value can be erased and the chain holds.
CREATE TABLE audit_personal (
  audit_id text NOT NULL REFERENCES audit_logs (id) ON DELETE CASCADE,
  member   text NOT NULL,
  salt     text NOT NULL,
  value    text NOT NULL,
  PRIMARY KEY (audit_id, member)
);
CREATE INDEX audit_personal_value ON audit_personal (value);

-- The last row of every chain.
CREATE TABLE audit_chains (
  chain text PRIMARY KEY,
  seq   bigint NOT NULL,
  hash  text NOT NULL
);

-- Signed statements of what the last row was at a time (`checkpoint`), and up to where rows were taken away (`retention`).
CREATE TABLE audit_checkpoints (
  chain     text NOT NULL,
  seq       bigint NOT NULL,
  kind      text NOT NULL,
  hash      text NOT NULL,
  at        timestamptz(3) NOT NULL,
  key_id    text,
  signature text,
  PRIMARY KEY (chain, seq, kind)
);
