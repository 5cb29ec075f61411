import { expect, it } from 'vitest'
import type { CascadePlan } from '../cascade/cascade-plan.ts'
import { createScores, noLiveState, type RouteContext, type Scorer } from './scorer.ts'
import { createTimelyCascadeScorer } from './timely-cascade-scorer.ts'

const times: Readonly<Record<string, number>> = { tiny: 100, small: 200, large: 1_000 }
const models = Object.keys(times).map((name) => ({ name }) as never)
const common = { buffersStreams: false, ignoredPaths: [], comparator: null } as const
const agreement: CascadePlan = { ...common, mode: 'agreement', first: 0, second: 1, strong: 2 }
const validity: CascadePlan = { ...common, mode: 'validity', rungs: [0, 1, 2], confidence: 0.7 }
const table = { kind: 'threshold', threshold: 0.5 } as never
const verify: CascadePlan = { ...common, mode: 'verify', small: 1, large: 2, samples: 4, table }

function planWithin(plan: CascadePlan, budgetMs: number, answers = 20): CascadePlan | null {
  const inner = {
    name: 'inner',
    score: (
      _features: unknown,
      _context: unknown,
      _models: unknown,
      out: { cascade: CascadePlan | null },
    ) => {
      out.cascade = plan
    },
  } as unknown as Scorer
  const live = { ...noLiveState, answers: () => answers, latencyMs: (name: string) => times[name] ?? null }
  const out = createScores(models.length)
  createTimelyCascadeScorer(inner, budgetMs).score(
    {} as never,
    { live } as unknown as RouteContext,
    models,
    out,
  )
  expect(out.reasons.includes('cascade_too_slow')).toBe(out.cascade === null)
  return out.cascade
}

it.each([
  ['two cheap models at once, then the strong one', agreement, 1_200],
  ['all rungs one after the other', validity, 1_300],
  ['a small model that answers and is asked again, then the large one', verify, 1_400],
] as const)('holds %s to the budget', (_name, plan, slowestMs) => {
  expect(planWithin(plan, slowestMs)).toBe(plan)
  expect(planWithin(plan, slowestMs - 1)).toBeNull()
})

it('takes models for quick that have hardly answered yet', () => {
  expect(planWithin(agreement, 1, 19)).toBe(agreement)
})
