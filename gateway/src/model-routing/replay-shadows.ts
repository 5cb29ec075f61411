import { evaluatePolicy, type LoggedOutcome, type PolicyValue } from '@routeiq/router'
import type { EvidenceRow } from './choice-store.ts'

/**
 * What each strategy that only watched would have come to on judged choices of the past, by the model it named at the time.
 * Choices that a conversation's model made, or that another model answered, are left out.
 */
export function replayShadows(rows: readonly EvidenceRow[]): ReadonlyMap<string, PolicyValue> {
  const outcomes = new Map<string, LoggedOutcome[]>()
  for (const row of rows)
    for (const [strategy, outcome] of readOutcomes(row)) {
      const known = outcomes.get(strategy)
      if (known === undefined) outcomes.set(strategy, [outcome])
      else known.push(outcome)
    }
  return new Map([...outcomes].map(([strategy, logged]) => [strategy, evaluatePolicy(logged)]))
}

interface Candidate {
  readonly model: string
  readonly q: number
  readonly cost_usd: number
}

function readOutcomes({
  details,
  arm,
  propensity,
  score,
  decisionId,
}: EvidenceRow): readonly (readonly [string, LoggedOutcome])[] {
  const { action, key_hash: conversation } = (details['affinity'] ?? {}) as Record<string, unknown>
  const candidates = (details['candidates'] ?? []) as readonly Candidate[]
  const logged = candidates.findIndex(({ model }) => model === arm)
  if (score === null || !(propensity > 0) || action === 'kept' || logged < 0 || candidates.length < 2)
    return []
  const shadows = (details['shadow'] ?? []) as readonly {
    readonly strategy: string
    readonly model: string
  }[]
  return shadows.map(({ strategy, model: chosen }) => [
    strategy,
    {
      cluster: typeof conversation === 'string' ? conversation : decisionId,
      ...{ logged, propensity, score },
      policy: candidates.map(({ model }) => (model === chosen ? 1 : 0)),
      expected: candidates.map(({ q }) => q),
      costs: candidates.map(({ cost_usd }) => cost_usd),
    },
  ])
}
