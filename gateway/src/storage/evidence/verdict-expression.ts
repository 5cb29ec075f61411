/**
 * The verdict of a trace, as a subquery over the outcomes of the trace itself and of its decisions. A human's word
 * counts before an explicit report, and that before the evaluators, of whom one failure is enough. NULL is unjudged.
 * `trace` is the alias of a row of `traces` in the query around it.
 */
export function verdictExpression(trace: string): string {
  return `(
  SELECT CASE
    WHEN count(*) FILTER (WHERE kind = 'human') > 0
      THEN nullif((array_agg(verdict ORDER BY updated_at DESC, name DESC) FILTER (WHERE kind = 'human'))[1], 'review')
    WHEN count(*) FILTER (WHERE kind = 'explicit') > 0
      THEN nullif((array_agg(verdict ORDER BY updated_at DESC) FILTER (WHERE kind = 'explicit'))[1], 'review')
    WHEN bool_or(verdict = 'fail') THEN 'fail'
    WHEN bool_and(verdict = 'pass') THEN 'pass'
  END
  FROM outcomes
  WHERE outcomes.workspace_id = ${trace}.workspace_id AND verdict IS NOT NULL
    AND subject = ANY (${trace}.routing_ids || ${trace}.id::text))`
}
