import { describe, expect, it } from 'vitest'
import type { Deployment } from '../deployments/deployment.ts'
import { type ModelPatch, modelConfig, routingDefaults } from '../deployments/for-test.ts'
import type { AttemptPlan } from './attempt-plan.ts'
import { createStrategy } from './create-strategy.ts'
import { Bench, expectAttempt, expectError, failureOf, pickContext } from './for-test.ts'
import { LatencyRing } from './latency-ring.ts'
import { pickSafely } from './pick-safely.ts'
import { pickByShuffle } from './simple-shuffle.ts'

function bench(strategy: string, patches: Readonly<Record<string, ModelPatch>>, strategyArgs = {}): Bench {
  const models = Object.entries(patches).map(([id, patch]) =>
    modelConfig('g', { ...patch, info: { ...patch.info, id } }),
  )
  return new Bench(models, { routing: { strategy, strategyArgs } })
}

const candidatesOf = (core: Bench): readonly Deployment[] =>
  core.context.snapshot.groups.get('g')?.deployments ?? []

function countPicks(
  core: Bench,
  rounds: number,
  wholeLevel: boolean,
  isEven: boolean,
): Record<string, number> {
  const { random } = core.context
  const counts: Record<string, number> = {}
  for (let round = 0; round < rounds; round++) {
    const { id } = pickByShuffle(candidatesOf(core), { random, wholeLevel, isEven }).deployment
    counts[id] = (counts[id] ?? 0) + 1
  }
  return counts
}

function finish(core: Bench, milliseconds: number, outputTokens: number): void {
  const plan = core.plan('g')
  expectAttempt(plan)
  core.now += milliseconds
  plan.succeed({ inputTokens: 10, outputTokens })
}

describe('simple-shuffle', () => {
  const rounds = 20_000

  it.each<[string, Record<string, ModelPatch>, Record<string, number>]>([
    ['uniformly without any measure', { a: {}, b: {} }, { a: 0.5, b: 0.5 }],
    ['by weight', { a: { weight: 3 }, b: { weight: 1 } }, { a: 0.75, b: 0.25 }],
    ['by weight even when only a later one has it', { a: {}, b: { weight: 4 } }, { a: 0.2, b: 0.8 }],
    [
      'by weight before rpm',
      { a: { weight: 1, requestsPerMinute: 900 }, b: { requestsPerMinute: 1 } },
      { a: 0.5, b: 0.5 },
    ],
    ['never where the weight is 0', { a: { weight: 0 }, b: { weight: 2 } }, { b: 1 }],
    ['uniformly when all weights are 0', { a: { weight: 0 }, b: { weight: 0 } }, { a: 0.5, b: 0.5 }],
    [
      'by rpm when all have it',
      { a: { requestsPerMinute: 90 }, b: { requestsPerMinute: 10 } },
      { a: 0.9, b: 0.1 },
    ],
    [
      'by tpm when all have it',
      { a: { tokensPerMinute: 10 }, b: { tokensPerMinute: 30 } },
      { a: 0.25, b: 0.75 },
    ],
    [
      'uniformly when rpm and tpm are mixed',
      { a: { requestsPerMinute: 900 }, b: { tokensPerMinute: 1 } },
      { a: 0.5, b: 0.5 },
    ],
  ])('picks %s', (_, patches, shares) => {
    const core = bench('simple-shuffle', patches)
    const isEven = core.context.snapshot.groups.get('g')?.isEven === true
    for (const wholeLevel of [true, false]) {
      const counts = countPicks(core, rounds, wholeLevel, isEven)
      expect(Object.keys(counts).sort()).toEqual(Object.keys(shares))
      for (const [id, share] of Object.entries(shares)) {
        expect(Math.abs((counts[id] ?? 0) / rounds - share)).toBeLessThan(0.02)
      }
    }
  })
})

describe('least-busy', () => {
  it('spreads a burst evenly, because a pick counts at once', () => {
    const core = bench('least-busy', { a: {}, b: {}, c: {}, d: {} })
    for (let index = 0; index < 200; index++) expectAttempt(core.plan('g'))
    expect(candidatesOf(core).map(({ state }) => state.inFlight)).toEqual([50, 50, 50, 50])
  })

  it('goes where a request has just ended, success, failure or client gone', () => {
    const core = bench('least-busy', { a: {}, b: {} })
    const ends: ((plan: AttemptPlan) => void)[] = [
      (plan) => plan.succeed(null),
      (plan) => void plan.fail(failureOf('bad_request')),
      (plan) => plan.abort(),
      (plan) => plan.failMidStream(failureOf('connection')),
    ]
    for (const end of ends) {
      const plans = [core.plan('g'), core.plan('g')]
      const [first] = plans.map((plan) => expectAttempt(plan).deployment.id)
      plans.slice(0, 1).forEach(end)
      const next = core.plan('g')
      expect(expectAttempt(next).deployment.id).toBe(first)
      next.abort()
      plans[1]?.abort()
    }
  })

  it('breaks ties by picks this minute', () => {
    const core = bench('least-busy', { a: {}, b: {} })
    for (let index = 0; index < 5; index++) {
      const plan = core.plan('g')
      expectAttempt(plan)
      plan.succeed(null)
    }
    const picks = candidatesOf(core).map(({ state }) => state.requestsThisMinute(core.now))
    expect(picks.sort()).toEqual([2, 3])
  })
})

describe('usage-based-routing', () => {
  it('goes to the lowest share of tpm used', () => {
    const core = bench('usage-based-routing-v2', {
      a: { tokensPerMinute: 1000 },
      b: { tokensPerMinute: 10_000 },
    })
    core.deployment('a').state.reserve(core.now, 300)
    core.deployment('b').state.reserve(core.now, 1000)
    expect(expectAttempt(core.plan('g')).deployment.id).toBe('b')
  })

  it('never exceeds a limit, however requests interleave', () => {
    const core = bench('usage-based-routing', {
      a: { tokensPerMinute: 1000 },
      b: { tokensPerMinute: 2500, requestsPerMinute: 12 },
    })
    const running: AttemptPlan[] = []
    let refused = 0
    for (let index = 0; index < 2000; index++) {
      core.now += Math.floor(core.context.random() * 400)
      if (core.context.random() < 0.4) running.shift()?.succeed({ inputTokens: 90, outputTokens: 10 })
      const plan = core.plan('g', { inputTokens: 100, maxOutputTokens: 0 })
      const attempt = plan.next()
      if ('deployment' in attempt) running.push(plan)
      else refused++
      const { state: a } = core.deployment('a')
      const { state: b } = core.deployment('b')
      expect(a.tokensThisMinute(core.now)).toBeLessThanOrEqual(1000)
      expect(b.tokensThisMinute(core.now)).toBeLessThanOrEqual(2500)
      expect(b.requestsThisMinute(core.now)).toBeLessThanOrEqual(12)
    }
    expect(refused).toBeGreaterThan(0)
  })

  it('answers 429 until the minute ends when every limit is used up', () => {
    const core = bench('usage-based-routing', { a: { requestsPerMinute: 1 } })
    expectAttempt(core.plan('g'))
    const error = expectError(core.plan('g'))
    expect(error.status).toBe(429)
    expect(error.options.retryAfterSeconds).toBe(48)
    core.now += 48_000
    expect(expectAttempt(core.plan('g')).deployment.id).toBe('a')
  })

  it('corrects the reservation by what was used, within its minute', () => {
    const core = bench('usage-based-routing', { a: { tokensPerMinute: 1000 } })
    const plan = core.plan('g', { inputTokens: 400 })
    expectAttempt(plan)
    expect(core.deployment('a').state.tokensThisMinute(core.now)).toBe(400)
    plan.succeed({ inputTokens: 150, outputTokens: 50 })
    expect(core.deployment('a').state.tokensThisMinute(core.now)).toBe(200)
    const late = core.plan('g', { inputTokens: 400 })
    expectAttempt(late)
    core.now += 60_000
    late.succeed({ inputTokens: 1, outputTokens: 1 })
    expect(core.deployment('a').state.tokensThisMinute(core.now)).toBe(0)
  })
})

describe('latency-based-routing', () => {
  it('tries the unmeasured first, then keeps to the fastest', () => {
    const core = bench('latency-based-routing', { a: {}, b: {} })
    const first = core.plan('g')
    const slow = expectAttempt(first).deployment.id
    core.now += 2000
    first.succeed({ inputTokens: 10, outputTokens: 10 })
    const second = core.plan('g')
    const fast = expectAttempt(second).deployment.id
    expect(fast).not.toBe(slow)
    core.now += 200
    second.succeed({ inputTokens: 10, outputTokens: 10 })
    for (let index = 0; index < 20; index++) expect(expectAttempt(core.plan('g')).deployment.id).toBe(fast)
  })

  it('measures streams by their first byte, apart from whole answers', () => {
    const core = bench('latency-based-routing', { a: {} })
    const plan = core.plan('g', { stream: true })
    expectAttempt(plan)
    core.now += 300
    plan.receiveFirstByte()
    core.now += 9000
    plan.succeed({ inputTokens: 10, outputTokens: 10 })
    const { state } = core.deployment('a')
    expect(state.timeToFirstByte?.mean(core.now, 3_600_000)).toBe(0.3)
    expect(state.secondsPerToken).toBeNull()
  })

  it('does not divide by zero tokens', () => {
    const core = bench('latency-based-routing', { a: {} })
    finish(core, 500, 0)
    expect(core.deployment('a').state.secondsPerToken?.mean(core.now, 3_600_000)).toBe(0.5)
  })

  it('penalises a timeout by at most a minute, and forgives it', () => {
    const core = bench('latency-based-routing', { a: {} })
    const plan = core.plan('g')
    expectAttempt(plan)
    core.now += 600_000
    plan.fail(failureOf('timeout'))
    const ring = core.deployment('a').state.secondsPerToken
    expect(ring?.mean(core.now, 3_600_000)).toBe(60)
    expect(ring?.mean(core.now + 600_000, 3_600_000)).toBeLessThan(0.06)
  })

  it('spreads over all within the buffer', () => {
    const core = bench('latency-based-routing', { a: {}, b: {}, c: {} }, { lowest_latency_buffer: 0.5 })
    const seconds = { a: 1, b: 1.4, c: 1.6 }
    for (const [id, value] of Object.entries(seconds)) {
      const ring = new LatencyRing(10)
      ring.record(value, core.now, false)
      core.deployment(id).state.secondsPerToken = ring
    }
    const picked = new Set(Array.from({ length: 50 }, () => expectAttempt(core.plan('g')).deployment.id))
    expect([...picked].sort()).toEqual(['a', 'b'])
  })

  it('is a real sliding window: the newest samples replace the oldest', () => {
    const ring = new LatencyRing(3)
    for (const value of [10, 20, 1, 2, 3]) ring.record(value, 0, false)
    expect(ring.mean(0, 1000)).toBe(2)
    expect(ring.mean(1000, 1000)).toBe(-1)
  })
})

describe('cost-based-routing', () => {
  const cheapInput = { prices: { input_cost_per_token: 1e-6, output_cost_per_token: 50e-6 } }
  const cheapOutput = { prices: { input_cost_per_token: 10e-6, output_cost_per_token: 5e-6 } }

  it('prices this request: long prompts and long answers choose differently', () => {
    const core = bench('cost-based-routing', { a: cheapInput, b: cheapOutput })
    expect(expectAttempt(core.plan('g', { inputTokens: 10_000, maxOutputTokens: 10 })).deployment.id).toBe(
      'a',
    )
    expect(expectAttempt(core.plan('g', { inputTokens: 10, maxOutputTokens: 10_000 })).deployment.id).toBe(
      'b',
    )
  })

  it('sorts unknown prices last', () => {
    const core = bench('cost-based-routing', { a: { upstreamModel: 'unheard-of' }, b: cheapInput })
    expect(expectAttempt(core.plan('g')).deployment.id).toBe('b')
    expect(
      expectAttempt(bench('cost-based-routing', { a: { upstreamModel: 'unheard-of' } }).plan('g')).deployment
        .id,
    ).toBe('a')
  })

  it('expects answers as long as those seen', () => {
    const core = bench('cost-based-routing', { a: cheapInput, b: cheapOutput })
    expect(expectAttempt(core.plan('g', { inputTokens: 1000 })).deployment.id).toBe('b')
    core.deployment('a').state.recordAnswer(100, 5)
    expect(expectAttempt(core.plan('g', { inputTokens: 1000 })).deployment.id).toBe('a')
  })

  it('keeps to rpm and tpm', () => {
    const core = bench('cost-based-routing', { a: { ...cheapInput, requestsPerMinute: 1 }, b: cheapOutput })
    const context = { inputTokens: 10_000, maxOutputTokens: 1 }
    expect(expectAttempt(core.plan('g', context)).deployment.id).toBe('a')
    expect(expectAttempt(core.plan('g', context)).deployment.id).toBe('b')
  })
})

describe('pickSafely', () => {
  const core = bench('simple-shuffle', { a: {}, b: {} })
  const stranger = bench('simple-shuffle', { x: {} }).deployment('x')

  it.each([
    [
      'throws',
      () => {
        throw new Error('broken')
      },
    ],
    ['has no opinion', () => null],
    ['names a deployment that is no candidate', () => ({ deployment: stranger, reason: 'wrong' })],
  ])('lets simple-shuffle decide when a strategy %s', (_, pick) => {
    const strategy = { name: 'odd', enforcesLimits: false, pick }
    const picked = pickSafely(strategy, pickContext(core), candidatesOf(core))
    expect(picked.fallbackTriggered).toBe(true)
    expect(candidatesOf(core)).toContain(picked.deployment)
  })

  it('settles every attempt exactly once, and survives a strategy that throws', () => {
    const settled: string[] = []
    const strategy = {
      name: 'odd',
      enforcesLimits: false,
      pick: () => null,
      settle: (_: unknown, outcome: { result: string }) => {
        settled.push(outcome.result)
        throw new Error('broken')
      },
    }
    const one = new Bench([modelConfig('g')], { strategy })
    const plan = one.plan('g')
    expectAttempt(plan)
    plan.fail(failureOf('server_error'))
    expectAttempt(plan)
    plan.succeed(null)
    plan.abort()
    expect(settled).toEqual(['failure', 'success'])
  })
})

describe('createStrategy', () => {
  const create = (strategy: string, strategyArgs: Record<string, unknown> = {}) =>
    createStrategy({ ...routingDefaults, strategy, strategyArgs })

  it.each([
    'simple-shuffle',
    'least-busy',
    'usage-based-routing',
    'latency-based-routing',
    'cost-based-routing',
  ])('knows %s', (name) => {
    expect(create(name)).toMatchObject({ strategy: { name }, diagnostics: [] })
  })

  it('reports an unknown strategy and shuffles instead', () => {
    expect(create('fastest-ever')).toMatchObject({
      strategy: { name: 'simple-shuffle' },
      diagnostics: [{ severity: 'error' }],
    })
  })

  it('hands its arguments to the strategy: a window of one sample keeps the last only', () => {
    const core = bench('latency-based-routing', { a: {} }, { max_latency_list_size: '1', ttl: 10 })
    finish(core, 5000, 1)
    finish(core, 1000, 1)
    const ring = core.deployment('a').state.secondsPerToken
    expect(ring?.mean(core.now, 10_000)).toBe(1)
  })

  it('warns of unknown arguments and refuses wrong ones', () => {
    const { diagnostics } = create('latency-based-routing', { lowest_latency_buffer: 'wide', typo: 1 })
    expect(diagnostics.map(({ severity, path }) => `${severity} ${path}`)).toEqual([
      'warning router_settings.routing_strategy_args.typo',
      'error router_settings.routing_strategy_args.lowest_latency_buffer',
    ])
  })
})
