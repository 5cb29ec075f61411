-- What a menu offers is the same from call to call: it is kept once, and named by the decisions that offered it.
CREATE TABLE routing_offers (
  workspace_id text NOT NULL,
  digest       text NOT NULL,
  offered      jsonb NOT NULL,
  -- The last day on which a decision named it.
  last_day     date NOT NULL,
  PRIMARY KEY (workspace_id, digest)
);

ALTER TABLE routing_decisions ADD COLUMN offer_digest text;
ALTER TABLE routing_decisions ALTER COLUMN offered DROP NOT NULL;

-- Decisions with what they offered, wherever that is kept.
CREATE VIEW offered_decisions AS
SELECT d.routing_id, d.workspace_id, d.day, d.key_hash, d.agent_name, d.model, d.model_family, d.source, d.strategy,
  d.query_sha256, d.query_text, d.eligible_count, d.catalogue_digest, coalesce(d.offered, o.offered) AS offered,
  d.offer_digest, d.passed_over, d.holdout, d.degraded_reason, d.timings, d.created_at, d.stored_at
FROM routing_decisions d
LEFT JOIN routing_offers o ON o.workspace_id = d.workspace_id AND o.digest = d.offer_digest;
