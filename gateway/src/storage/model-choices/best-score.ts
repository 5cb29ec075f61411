import { feedbackSources } from '../../model-routing/choice-store.ts'

/** The best source that gave a score decides; `user` before `outcome` before `check` before `judge` before `implicit`. */
export const joinBest = (condition: string): string => `
LEFT JOIN LATERAL (
  SELECT score, weight FROM model_feedback f WHERE f.decision_id = c.decision_id AND f.score IS NOT NULL ${condition}
  ORDER BY array_position(ARRAY[${feedbackSources.map((source) => `'${source}'`).join(', ')}], f.source) LIMIT 1
) best ON true`

/** For evidence: failures that the gateway saw itself, with no successes to hold them against, would be no mean of anything. */
export const joinBestScore = joinBest('AND NOT f.automatic')
