import { describe, expect, it } from 'vitest'
import type { ModelConfig } from '../config/config.ts'
import { compileModelGrants, isModelAllowed } from '../deployments/allowed-models.ts'
import type { Deployment } from '../deployments/deployment.ts'
import { anonymous, modelConfig } from '../deployments/for-test.ts'
import { resolveModel } from '../deployments/resolve-model.ts'
import { Bench, expectAttempt } from './for-test.ts'

const strategies = [
  'simple-shuffle',
  'least-busy',
  'usage-based-routing',
  'latency-based-routing',
  'cost-based-routing',
]

function models(groups: number): ModelConfig[] {
  return Array.from({ length: groups * 10 }, (_, index) => modelConfig(`group-${index % groups}`))
}

/** How many reads of deployments one request makes, from its name to the end of its answer. */
function countReads(groups: number, strategy: string): number {
  const core = new Bench(models(groups), { routing: { strategy } })
  let reads = 0
  for (const group of core.context.snapshot.groups.values()) {
    const watched = group.deployments.map(
      (deployment): Deployment =>
        new Proxy(deployment, {
          get(target, member, receiver) {
            reads++
            return Reflect.get(target, member, receiver)
          },
        }),
    )
    Object.assign(group, { deployments: watched, levels: [watched] })
  }
  const resolution = resolveModel(core.context.snapshot, 'group-0', anonymous)
  isModelAllowed(compileModelGrants(['group-0']), [], resolution)
  const plan = core.plan('group-0')
  expectAttempt(plan)
  plan.succeed({ inputTokens: 10, outputTokens: 10 })
  return reads
}

describe('the work of one request', () => {
  it.each(strategies)('is the same with 10 and with 10 000 deployments under %s', (strategy) => {
    const few = countReads(1, strategy)
    expect(few).toBeGreaterThan(0)
    expect(Math.abs(countReads(1000, strategy) - few)).toBeLessThanOrEqual(4)
  })
})
