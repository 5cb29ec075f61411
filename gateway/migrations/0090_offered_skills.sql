-- A skill in one version, as decisions offer it or pass it over: told once, and named by its key. A decision that told it
-- anew took three times the room and twice the time to write.
CREATE TABLE offered_skills (
  workspace_id text NOT NULL,
  -- A digest of the four below.
  key          text NOT NULL,
  skill_id     text NOT NULL,
  version_id   text NOT NULL,
  content_hash text NOT NULL,
  name         text NOT NULL,
  -- The last day on which a decision named it.
  last_day     date NOT NULL,
  PRIMARY KEY (workspace_id, key)
);

-- chosen is a list of [key, score, relevance, {rank, propensity, explored, hinted}?], passed one of [key, propensity?]; what
-- offered and passed_over hold in decisions from before.
ALTER TABLE routing_decisions ADD COLUMN chosen json;
ALTER TABLE routing_decisions ADD COLUMN passed json;
ALTER TABLE routing_decisions ALTER COLUMN passed_over DROP NOT NULL;

-- OFFSET 0 has each key looked up. Without it all skills of the workspace are read for every decision: the planner takes
-- them for few.
CREATE OR REPLACE VIEW offered_decisions AS
SELECT d.routing_id, d.workspace_id, d.day, d.key_hash, d.agent_name, d.model, d.model_family, d.source, d.strategy,
  d.query_sha256, d.query_text, d.eligible_count, d.catalogue_digest,
  coalesce(d.offered, o.offered, (
    SELECT coalesce(jsonb_agg(
      jsonb_build_object('skill_id', s.skill_id, 'version_id', s.version_id, 'content_hash', s.content_hash,
        'name', s.name, 'score', c.entry -> 1, 'relevance', c.entry -> 2) || coalesce((c.entry -> 3)::jsonb, '{}')
      ORDER BY c.place), '[]')
    FROM json_array_elements(d.chosen) WITH ORDINALITY AS c (entry, place)
    CROSS JOIN LATERAL (
      SELECT * FROM offered_skills WHERE workspace_id = d.workspace_id AND key = c.entry ->> 0 OFFSET 0) s
  )) AS offered,
  d.offer_digest,
  coalesce(d.passed_over, (
    SELECT coalesce(jsonb_agg(
      jsonb_build_object('skillId', s.skill_id, 'name', s.name, 'propensity', coalesce(p.entry ->> 1, '0')::double precision)
      ORDER BY p.place), '[]')
    FROM json_array_elements(d.passed) WITH ORDINALITY AS p (entry, place)
    CROSS JOIN LATERAL (
      SELECT * FROM offered_skills WHERE workspace_id = d.workspace_id AND key = p.entry ->> 0 OFFSET 0) s
  )) AS passed_over,
  d.holdout, d.degraded_reason, d.timings, d.created_at, d.stored_at
FROM routing_decisions d
LEFT JOIN routing_offers o ON o.workspace_id = d.workspace_id AND o.digest = d.offer_digest;
