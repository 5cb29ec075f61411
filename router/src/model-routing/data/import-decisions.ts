import { restoreFeatures } from '../features/stored-features.ts'
import type { OutcomeMatrix, OutcomeRow } from '../training/outcome-matrix.ts'
import { MatrixError } from './read-matrix.ts'

/** A rare choice counts for at most so many others. */
const mostWeight = 10
const leastPropensity = 1e-6

/**
 * A gateway's own judged decisions, one JSON object a line, as an outcome matrix: of each the arm that answered is known and the
 * others are missing. Scores weigh by the inverse of the probability the arm had. Decisions nobody judged are left out.
 */
export function importDecisions(text: string): OutcomeMatrix {
  const decisions = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line, index) => parse(line, index + 1))
    .filter(({ score, features }) => typeof score === 'number' && features !== null)
  const models = [...new Set(decisions.map(({ arm }) => arm))].sort()
  if (decisions.length === 0)
    throw new MatrixError('no decision of the log was judged; give feedback on some first')
  return { models, rows: decisions.map((decision) => toRow(decision, models)) }
}

interface LoggedDecision {
  readonly id: string
  readonly arm: string
  readonly domain: string | null
  readonly score: number | null
  readonly cost: number | null
  readonly outputTokens: number | null
  readonly propensity: number
  readonly features: OutcomeRow['features']
}

function parse(line: string, number: number): LoggedDecision {
  let value: Record<string, unknown>
  try {
    value = JSON.parse(line) as Record<string, unknown>
  } catch {
    throw new MatrixError(`line ${number} is not JSON`)
  }
  const { decision_id: id, arm, domain, score, cost_usd: cost, output_tokens: tokens, propensity } = value
  if (typeof id !== 'string' || typeof arm !== 'string')
    throw new MatrixError(`line ${number} is no decision: it lacks decision_id or arm`)
  return {
    ...{ id, arm },
    domain: typeof domain === 'string' ? domain : null,
    score: typeof score === 'number' ? Math.max(0, Math.min(1, score)) : null,
    cost: typeof cost === 'number' ? cost : null,
    outputTokens: typeof tokens === 'number' ? tokens : null,
    propensity: typeof propensity === 'number' ? propensity : 1,
    features: restoreFeatures(value['features']),
  }
}

function toRow(decision: LoggedDecision, models: readonly string[]): OutcomeRow {
  const only = <Value>(value: Value): (Value | null)[] =>
    models.map((model) => (model === decision.arm ? value : null))
  const weight = Math.min(mostWeight, 1 / Math.max(leastPropensity, decision.propensity))
  return {
    id: decision.id,
    task: decision.domain,
    prompt: '',
    features: decision.features,
    scores: only(decision.score).map((score) => score ?? null),
    costs: only(decision.cost).map((cost) => cost ?? null),
    outputTokens: only(decision.outputTokens).map((tokens) => tokens ?? null),
    answers: null,
    weights: models.map((model) => (model === decision.arm ? weight : 0)),
  }
}
