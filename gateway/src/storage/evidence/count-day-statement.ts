import { verdictExpression } from './verdict-expression.ts'

/**
 * Counts one day of one workspace into generation 0 of the rollup. Parameters: workspace, day, and the moment up to
 * which the day's rows are counted already in a higher generation. Traces are counted under the day they ended,
 * decisions under the day they were made, and how those went
 * only on days on which some were held back; the version is the one a trace witnessed, else the one that was offered.
 */
export const countDayStatement = `
WITH used AS (
  SELECT t.id, t.agent_name, t.status, t.latency_ms, t.cost_usd, t.routing_ids, ${verdictExpression('t')} AS verdict,
    skill.*, count(*) FILTER (WHERE skill.is_activated) OVER (PARTITION BY t.id) AS activated_count
  FROM traces t
  CROSS JOIN LATERAL jsonb_to_recordset(t.skills) AS skill (
    name text, hash text, is_ambiguous boolean, is_activated boolean, is_delivered boolean, model_name text,
    model_family text)
  WHERE t.workspace_id = $1 AND t.day = $2 AND t.received_at >= $3
), offered AS (
  SELECT used.id, used.name, max(offer.skill_id) AS skill_id,
    CASE WHEN count(DISTINCT offer.content_hash) = 1 THEN max(offer.content_hash) ELSE '' END AS content_hash
  FROM used
  CROSS JOIN LATERAL unnest(used.routing_ids) AS link (routing_id)
  JOIN offered_decisions d ON d.routing_id = link.routing_id AND d.workspace_id = $1
  CROSS JOIN LATERAL jsonb_to_recordset(d.offered) AS offer (name text, skill_id text, content_hash text)
  WHERE offer.name = used.name
  GROUP BY used.id, used.name
), from_traces AS (
  SELECT used.name AS skill_name, coalesce(offered.skill_id, skills.id::text, '') AS skill_id,
    CASE WHEN used.is_ambiguous THEN '' WHEN used.hash <> '' THEN used.hash
      ELSE coalesce(offered.content_hash, '') END AS content_hash,
    used.*
  FROM used
  LEFT JOIN offered ON offered.id = used.id AND offered.name = used.name
  LEFT JOIN skills ON skills.workspace_id = $1 AND skills.name = used.name AND skills.deleted_at IS NULL
), decisions AS (
  SELECT d.routing_id, d.agent_name, d.model, d.model_family, d.holdout, d.chosen, d.passed, d.passed_over,
    coalesce(d.offered, o.offered) AS offered
  FROM routing_decisions d
  LEFT JOIN routing_offers o ON o.workspace_id = d.workspace_id AND o.digest = d.offer_digest
  WHERE d.workspace_id = $1 AND d.day = $2 AND d.stored_at >= $3
), linked AS (
  SELECT d.routing_id, t.agent_name, t.model_name, t.model_family, t.skills,
    CASE WHEN (SELECT bool_or(holdout) FROM decisions) THEN ${verdictExpression('t')} END AS verdict
  FROM traces t
  CROSS JOIN LATERAL unnest(t.routing_ids) AS link (routing_id)
  JOIN decisions d ON d.routing_id = link.routing_id
  WHERE t.workspace_id = $1 AND t.day >= $2::date - 1
), closed AS (
  SELECT routing_id, max(agent_name) AS agent_name, max(model_name) AS model_name, max(model_family) AS model_family,
    count(*) FILTER (WHERE verdict = 'pass') AS passes, count(verdict) AS judged
  FROM linked GROUP BY routing_id
), touched AS (
  SELECT linked.routing_id, skill.name, bool_or(skill.is_activated) AS is_activated,
    bool_or(skill.is_delivered) AS is_delivered
  FROM linked
  CROSS JOIN LATERAL jsonb_to_recordset(linked.skills) AS skill (
    name text, is_activated boolean, is_delivered boolean)
  GROUP BY linked.routing_id, skill.name
), concluded AS (
  SELECT d.holdout, d.chosen, d.passed, d.offered, d.passed_over, d.routing_id,
    coalesce(d.agent_name, closed.agent_name, '') AS agent_name,
    coalesce(d.model, closed.model_name, '') AS model_name,
    CASE WHEN d.model IS NULL THEN coalesce(closed.model_family, '') ELSE d.model_family END AS model_family,
    closed.routing_id IS NOT NULL AS is_closed,
    coalesce(closed.passes, 0) AS passes, coalesce(closed.judged, 0) AS judged
  FROM decisions d
  LEFT JOIN closed ON closed.routing_id = d.routing_id
), named AS (
  SELECT d.*, entry ->> 0 AS key, coalesce(entry -> 3 ->> 'hinted', 'false')::boolean AS hinted
  FROM concluded d CROSS JOIN LATERAL json_array_elements(d.chosen) AS chosen (entry)
  WHERE NOT d.holdout
  UNION ALL
  SELECT d.*, entry ->> 0, false
  FROM concluded d CROSS JOIN LATERAL json_array_elements(d.passed) AS passed (entry)
  WHERE d.holdout
), offers AS (
  SELECT n.routing_id, n.agent_name, n.model_name, n.model_family, n.holdout, n.is_closed, n.passes, n.judged, s.name,
    s.skill_id, s.content_hash, n.hinted
  FROM named n
  JOIN offered_skills s ON s.workspace_id = $1 AND s.key = n.key
  UNION ALL
  SELECT d.routing_id, d.agent_name, d.model_name, d.model_family, d.holdout, d.is_closed, d.passes, d.judged, offer.*
  FROM concluded d
  CROSS JOIN LATERAL (
    SELECT name, skill_id, content_hash, hinted FROM jsonb_to_recordset(d.offered) AS row (
      name text, skill_id text, content_hash text, hinted boolean)
    WHERE NOT d.holdout
    UNION ALL
    SELECT name, "skillId", '', false FROM jsonb_to_recordset(d.passed_over) AS row (name text, "skillId" text)
    WHERE d.holdout
  ) AS offer
), from_decisions AS (
  SELECT o.*, o.name AS skill_name, coalesce(touched.is_activated, false) AS is_activated,
    coalesce(touched.is_delivered, false) AS is_delivered
  FROM offers o
  LEFT JOIN touched ON touched.routing_id = o.routing_id AND touched.name = o.name
), counted AS (
  SELECT skill_name, skill_id, content_hash, agent_name, model_name, model_family,
    count(*) FILTER (WHERE is_activated) AS activations,
    count(*) FILTER (WHERE is_delivered) AS delivered,
    count(*) FILTER (WHERE is_activated AND verdict = 'pass') AS passes,
    count(*) FILTER (WHERE is_activated AND verdict = 'fail') AS fails,
    count(*) FILTER (WHERE is_activated AND verdict = 'pass' AND activated_count = 1) AS solo_passes,
    count(*) FILTER (WHERE is_activated AND verdict = 'fail' AND activated_count = 1) AS solo_fails,
    count(*) FILTER (WHERE is_activated AND status = 'error') AS errors,
    coalesce(sum(latency_ms) FILTER (WHERE is_activated), 0) AS latency_ms_sum,
    count(latency_ms) FILTER (WHERE is_activated) AS latency_count,
    coalesce(sum(cost_usd) FILTER (WHERE is_activated), 0) AS cost_usd_sum,
    count(cost_usd) FILTER (WHERE is_activated) AS cost_count,
    0 AS offers, 0 AS hinted, 0 AS offers_delivered, 0 AS offers_activated, 0 AS closed, 0 AS closed_hinted,
    0 AS hinted_activated, 0 AS offered_passes, 0 AS offered_judged, 0 AS held_out_passes, 0 AS held_out_judged
  FROM from_traces
  GROUP BY skill_name, skill_id, content_hash, agent_name, model_name, model_family
  UNION ALL
  SELECT skill_name, skill_id, content_hash, agent_name, model_name, model_family,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    count(*) FILTER (WHERE NOT holdout), count(*) FILTER (WHERE hinted),
    count(*) FILTER (WHERE is_delivered AND NOT holdout), count(*) FILTER (WHERE is_activated AND NOT holdout),
    count(*) FILTER (WHERE is_closed AND NOT holdout), count(*) FILTER (WHERE is_closed AND hinted),
    count(*) FILTER (WHERE hinted AND is_activated),
    coalesce(sum(passes) FILTER (WHERE NOT holdout), 0), coalesce(sum(judged) FILTER (WHERE NOT holdout), 0),
    coalesce(sum(passes) FILTER (WHERE holdout), 0), coalesce(sum(judged) FILTER (WHERE holdout), 0)
  FROM from_decisions
  GROUP BY skill_name, skill_id, content_hash, agent_name, model_name, model_family
)
INSERT INTO effectiveness_rollup
SELECT $1, $2, 0, skill_name, skill_id, content_hash, agent_name, model_name, model_family,
  sum(activations), sum(delivered), sum(passes), sum(fails), sum(solo_passes), sum(solo_fails), sum(errors),
  sum(latency_ms_sum), sum(latency_count), sum(cost_usd_sum), sum(cost_count), sum(offers), sum(hinted),
  sum(offers_delivered), sum(offers_activated), sum(closed), sum(closed_hinted), sum(hinted_activated), sum(offered_passes),
  sum(offered_judged), sum(held_out_passes), sum(held_out_judged)
FROM counted
GROUP BY skill_name, skill_id, content_hash, agent_name, model_name, model_family`
