import { describe, expect, it } from 'vitest'
import { type ModelPatch, modelConfig, seededRandom } from '../deployments/for-test.ts'
import type { FailureKind } from '../providers/failure.ts'
import type { RequestFallbacks } from './fallback.ts'
import {
  Bench,
  type BenchOptions,
  expectAttempt,
  expectError,
  failureOf,
  firstCandidate,
  runToEnd,
} from './for-test.ts'

/** Groups and ids from `g:a` style names: `bench(['g:a', 'g:b', 'f:c'])`. */
function bench(
  names: readonly string[],
  options: BenchOptions = {},
  patches: Record<string, ModelPatch> = {},
): Bench {
  const models = names.map((name) => {
    const [group = '', id = ''] = name.split(':')
    const patch = patches[id] ?? {}
    return modelConfig(group, { ...patch, info: { id, ...patch.info } })
  })
  return new Bench(models, { strategy: firstCandidate, ...options })
}

const toF = { fallbacks: new Map([['g', ['f']]]) }
const requestFallbacks: RequestFallbacks = {
  general: null,
  contextWindow: null,
  contentPolicy: null,
  disabled: false,
}

const ids = (steps: readonly { readonly id: string }[]): string => steps.map(({ id }) => id).join(' ')

describe('the error decision table', () => {
  interface Row {
    readonly kind: FailureKind
    /** Who is asked in a group of one (a), of two (a, b), and of one with the fallback group f (c). */
    readonly alone: string
    readonly pair: string
    readonly withFallback: string
    /** Whether one failure counts against the deployment. */
    readonly counts: boolean
    /** Whether one failure cools a deployment that is not alone. */
    readonly cools: boolean
  }
  const rows: readonly Row[] = [
    {
      kind: 'connection',
      alone: 'a a a',
      pair: 'a b a',
      withFallback: 'a a a c c c',
      counts: true,
      cools: false,
    },
    { kind: 'timeout', alone: 'a a', pair: 'a b', withFallback: 'a a c c', counts: true, cools: false },
    {
      kind: 'request_timeout',
      alone: 'a a a',
      pair: 'a b a',
      withFallback: 'a a a c c c',
      counts: true,
      cools: false,
    },
    {
      kind: 'conflict',
      alone: 'a a a',
      pair: 'a b a',
      withFallback: 'a a a c c c',
      counts: false,
      cools: false,
    },
    {
      kind: 'server_error',
      alone: 'a a a',
      pair: 'a b a',
      withFallback: 'a a a c c c',
      counts: true,
      cools: false,
    },
    {
      kind: 'unavailable',
      alone: 'a a a',
      pair: 'a b a',
      withFallback: 'a a a c c c',
      counts: true,
      cools: false,
    },
    { kind: 'rate_limit', alone: 'a a a', pair: 'a b a', withFallback: 'a c c c', counts: true, cools: true },
    { kind: 'quota_exhausted', alone: 'a', pair: 'a b', withFallback: 'a c', counts: true, cools: true },
    { kind: 'authentication', alone: 'a', pair: 'a b', withFallback: 'a c', counts: true, cools: true },
    { kind: 'permission', alone: 'a', pair: 'a b', withFallback: 'a c', counts: true, cools: true },
    { kind: 'not_found', alone: 'a', pair: 'a b', withFallback: 'a c', counts: true, cools: true },
    { kind: 'context_window', alone: 'a', pair: 'a', withFallback: 'a c', counts: false, cools: false },
    { kind: 'content_policy', alone: 'a', pair: 'a', withFallback: 'a c', counts: false, cools: false },
    { kind: 'bad_request', alone: 'a', pair: 'a', withFallback: 'a', counts: false, cools: false },
    { kind: 'unprocessable', alone: 'a', pair: 'a', withFallback: 'a', counts: false, cools: false },
    { kind: 'response_too_large', alone: 'a', pair: 'a', withFallback: 'a', counts: false, cools: false },
  ]

  it.each(rows)('$kind', ({ kind, alone, pair, withFallback, counts, cools }) => {
    const failing = () => failureOf(kind)
    const single = bench(['g:a'])
    expect(ids(runToEnd(single, single.plan('g'), failing))).toBe(alone)
    const double = bench(['g:a', 'g:b'])
    expect(ids(runToEnd(double, double.plan('g'), failing))).toBe(pair)
    const guarded = bench(['g:a', 'f:c'], { routing: toF })
    expect(ids(runToEnd(guarded, guarded.plan('g'), failing))).toBe(withFallback)
    const once = bench(['g:a', 'g:b'])
    once.failOn('a', failureOf(kind))
    expect(once.deployment('a').state.failuresThisMinute(once.now)).toBe(counts ? 1 : 0)
    expect(once.deployment('a').state.isCoolingDown(once.now)).toBe(cools)
  })

  it('counts a stream that breaks midway, and repeats nothing', () => {
    const one = bench(['g:a', 'g:b'])
    const plan = one.plan('g')
    expectAttempt(plan)
    plan.receiveFirstByte()
    plan.failMidStream(failureOf('connection'))
    expect(one.deployment('a').state.failuresThisMinute(one.now)).toBe(1)
    expect(one.deployment('a').state.inFlight).toBe(0)
    expect(plan.attempts).toBe(1)
  })

  it('counts nothing when the client leaves', () => {
    const one = bench(['g:a'])
    const plan = one.plan('g')
    expectAttempt(plan)
    plan.abort()
    const { state } = one.deployment('a')
    expect([state.inFlight, state.failuresThisMinute(one.now), state.successesThisMinute(one.now)]).toEqual([
      0, 0, 0,
    ])
  })

  it('releases and counts exactly once, however often the end is reported', () => {
    const one = bench(['g:a'])
    const plan = one.plan('g')
    expectAttempt(plan)
    plan.succeed({ inputTokens: 10, outputTokens: 5 })
    plan.succeed(null)
    plan.abort()
    expect(plan.fail(failureOf('server_error')).action).toBe('stop')
    const { state } = one.deployment('a')
    expect([state.inFlight, state.successesThisMinute(one.now), state.failuresThisMinute(one.now)]).toEqual([
      0, 1, 0,
    ])
    expect(state.tokensThisMinute(one.now)).toBe(15)
  })

  it('takes a failure the client asked for as one, and holds it against nobody', () => {
    const one = bench(['g:a', 'g:b'])
    const plan = one.plan('g')
    expectAttempt(plan)
    expect(plan.fail(failureOf('rate_limit'), false)).toEqual({ action: 'retry', delayMs: 0 })
    const { state } = one.deployment('a')
    expect([state.isCoolingDown(one.now), state.failuresThisMinute(one.now), state.inFlight]).toEqual([
      false,
      0,
      0,
    ])
  })
})

describe('delays', () => {
  it('does not wait while another deployment is eligible', () => {
    const two = bench(['g:a', 'g:b'])
    const delays = runToEnd(two, two.plan('g'), () => failureOf('server_error')).map(
      ({ decision }) => decision.delayMs,
    )
    expect(delays).toEqual([0, 0, 0])
  })

  it('backs off from 500 ms, doubling, by at most a quarter more or less', () => {
    const one = bench(['g:a'])
    const [first, second] = runToEnd(one, one.plan('g'), () => failureOf('server_error'))
    expect(first?.decision.delayMs).toBeGreaterThanOrEqual(375)
    expect(first?.decision.delayMs).toBeLessThanOrEqual(625)
    expect(second?.decision.delayMs).toBeGreaterThanOrEqual(750)
    expect(second?.decision.delayMs).toBeLessThanOrEqual(1250)
  })

  it('waits as long as a rate limit asks for when there is nobody else', () => {
    const one = bench(['g:a'])
    const plan = one.plan('g')
    expectAttempt(plan)
    expect(plan.fail(failureOf('rate_limit', 7000))).toEqual({ action: 'retry', delayMs: 7000 })
  })

  it('waits for the end of a cooldown rather than calling what cools down', () => {
    const two = bench(['g:a', 'g:b'])
    const plan = two.plan('g')
    const delays: number[] = []
    for (let index = 0; index < 2; index++) {
      expectAttempt(plan)
      delays.push(plan.fail(failureOf('rate_limit')).delayMs)
    }
    expect(delays).toEqual([0, 5000])
    two.now += 5000
    expect(expectAttempt(plan).deployment.id).toBe('a')
  })

  it('gives up when the wait would pass the deadline', () => {
    const one = bench(['g:a'])
    const plan = one.plan('g', { deadlineMs: one.now + 6000 })
    expectAttempt(plan)
    expect(plan.fail(failureOf('rate_limit', 7000)).action).toBe('stop')
  })

  it('starts no attempt after the deadline', () => {
    const one = bench(['g:a'])
    const plan = one.plan('g', { deadlineMs: one.now })
    expect(expectError(plan).code).toBe('timeout')
    expect(one.deployment('a').state.inFlight).toBe(0)
  })
})

describe('retries', () => {
  it.each([
    ['the router', {}, {}, null, 3],
    ['the group over the router', {}, { numRetries: 1 }, null, 2],
    [
      'the class over the group',
      { retryPolicy: { InternalServerErrorRetries: 3 } },
      { numRetries: 1 },
      null,
      4,
    ],
    ['the default class', { retryPolicy: { DefaultRetries: 0 } }, {}, null, 1],
    [
      'the group policy over the general one',
      {
        retryPolicy: { InternalServerErrorRetries: 3 },
        modelGroupRetryPolicy: { g: { InternalServerErrorRetries: 1 } },
      },
      {},
      null,
      2,
    ],
    ['the request over all', { retryPolicy: { InternalServerErrorRetries: 3 } }, {}, 0, 1],
    ['the request, within the cap on attempts', {}, {}, 100, 8],
  ])('are counted by %s', (_, routing, patch, numRetries, attempts) => {
    const one = bench(['g:a'], { routing: { ...routing, disableCooldowns: true } }, { a: patch })
    expect(runToEnd(one, one.plan('g', { numRetries }), () => failureOf('server_error'))).toHaveLength(
      attempts,
    )
  })

  it('repeat even a refused request when its class is named in a policy', () => {
    const one = bench(['g:a'], { routing: { retryPolicy: { BadRequestErrorRetries: 1 } } })
    expect(runToEnd(one, one.plan('g'), () => failureOf('bad_request'))).toHaveLength(2)
  })

  it('are skipped for a content-policy refusal that has a fallback', () => {
    const routing = {
      retryPolicy: { ContentPolicyViolationErrorRetries: 2 },
      contentPolicyFallbacks: new Map([['g', ['f']]]),
    }
    const guarded = bench(['g:a', 'f:c'], { routing })
    const plan = guarded.plan('g')
    expectAttempt(plan)
    expect(plan.fail(failureOf('content_policy')).action).toBe('fallback')
  })

  it('repeat a timeout as often as a policy says', () => {
    const one = bench(['g:a'], { routing: { retryPolicy: { TimeoutErrorRetries: 3 } } })
    expect(runToEnd(one, one.plan('g'), () => failureOf('timeout'))).toHaveLength(4)
  })

  it('repeat a timeout once even when other failures come between', () => {
    const one = bench(['g:a'], { routing: { numRetries: 5, disableCooldowns: true } })
    const kinds: readonly FailureKind[] = ['timeout', 'server_error', 'timeout']
    expect(runToEnd(one, one.plan('g'), (_, index) => failureOf(kinds[index] ?? 'timeout'))).toHaveLength(3)
  })
})

describe('amplification', () => {
  it('never exceeds max_total_attempts over retries, levels and fallbacks together', () => {
    const names = ['g:a', 'g:b', 'f:c', 'f:d', 'h:e']
    const routing = { fallbacks: new Map([['g', ['f', 'h']]]), numRetries: 50, disableCooldowns: true }
    const patches = { a: { order: 1 }, b: { order: 2 } }
    for (const maxTotalAttempts of [1, 2, 5, 8]) {
      const all = bench(names, { routing: { ...routing, maxTotalAttempts } }, patches)
      expect(runToEnd(all, all.plan('g'), () => failureOf('server_error'))).toHaveLength(maxTotalAttempts)
    }
  })

  it('ends for any sequence of failures, leaving no slot taken', () => {
    const kinds: readonly FailureKind[] = [
      'connection',
      'timeout',
      'rate_limit',
      'authentication',
      'context_window',
      'server_error',
      'quota_exhausted',
    ]
    for (let seed = 0; seed < 200; seed++) {
      const random = seededRandom(seed)
      const routing = {
        fallbacks: new Map([
          ['g', ['f', 'h', 'g']],
          ['f', ['g', 'h']],
          ['h', ['g', 'f']],
        ]),
        contextWindowFallbacks: new Map([['*', ['h', 'g']]]),
      }
      const all = bench(['g:a', 'g:b', 'f:c', 'f:d', 'h:e'], { routing, seed })
      const steps = runToEnd(all, all.plan('g'), () =>
        failureOf(kinds[Math.floor(random() * kinds.length)] ?? 'timeout'),
      )
      expect(steps.length).toBeLessThanOrEqual(8)
      for (const deployment of all.context.snapshot.byDeploymentId.values())
        expect(deployment.state.inFlight).toBe(0)
    }
  })
})

describe('order levels', () => {
  const patches = { a: { order: 1 }, b: { order: 1 }, c: { order: 2 }, d: {} }
  const names = ['g:a', 'g:b', 'g:c', 'g:d']

  it('exhausts the lowest level first, then the next, with retries of its own', () => {
    const levels = bench(names, { routing: { numRetries: 1, disableCooldowns: true } }, patches)
    expect(ids(runToEnd(levels, levels.plan('g'), () => failureOf('server_error')))).toBe('a b c c d d')
  })

  it('skips a level that cools down', () => {
    const levels = bench(names, {}, patches)
    levels.coolDown('a', 9000)
    levels.coolDown('b', 9000)
    expect(expectAttempt(levels.plan('g')).deployment.id).toBe('c')
  })

  it('comes before fallbacks', () => {
    const routing = { ...toF, numRetries: 0 }
    const levels = bench([...names, 'f:e'], { routing }, patches)
    expect(ids(runToEnd(levels, levels.plan('g'), () => failureOf('server_error')))).toBe('a c d e')
  })
})

describe('fallbacks', () => {
  const none = { numRetries: 0 }

  it('skip the failed group and end where chains meet', () => {
    const fallbacks = new Map([
      ['g', ['g', 'f']],
      ['f', ['g', 'h']],
      ['h', ['f', 'g']],
    ])
    const chain = bench(['g:a', 'f:b', 'h:c'], { routing: { ...none, fallbacks } })
    const plan = chain.plan('g')
    expect(ids(runToEnd(chain, plan, () => failureOf('server_error')))).toBe('a b c')
    expect(plan.fallbacks).toBe(2)
    expect(plan.retries).toBe(0)
    expect(plan.describeExhaustion()).toBe(
      " Received Model Group=g Available Model Group Fallbacks=['g', 'f', 'h']",
    )
  })

  it('are at most max_fallbacks', () => {
    const fallbacks = new Map([['g', ['f', 'h', 'i']]])
    const chain = bench(['g:a', 'f:b', 'h:c', 'i:d'], { routing: { ...none, fallbacks, maxFallbacks: 2 } })
    expect(ids(runToEnd(chain, chain.plan('g'), () => failureOf('server_error')))).toBe('a b c')
  })

  it('go past groups that cannot be called now', () => {
    const fallbacks = new Map([['g', ['unknown', 'f', 'h']]])
    const chain = bench(['g:a', 'f:b', 'h:c'], { routing: { ...none, fallbacks } })
    chain.coolDown('b', 9000)
    expect(ids(runToEnd(chain, chain.plan('g'), () => failureOf('server_error')))).toBe('a c')
  })

  it('come at once when the whole group cools down', () => {
    const chain = bench(['g:a', 'f:b'], { routing: toF })
    chain.coolDown('a', 9000)
    const plan = chain.plan('g')
    expect(expectAttempt(plan).deployment.id).toBe('b')
    expect(plan.fallbacks).toBe(1)
  })

  it('come at once for a prompt no deployment can hold', () => {
    const routing = { enablePreCallChecks: true, contextWindowFallbacks: new Map([['g', ['f']]]) }
    const chain = bench(['g:a', 'f:b'], { routing }, { a: { info: { maxInputTokens: 10 } } })
    expect(expectAttempt(chain.plan('g', { inputTokens: 1000 })).deployment.id).toBe('b')
  })

  it('do not run for a plain 400 unless the operator asks for it', () => {
    const opted = bench(['g:a', 'f:b'], { routing: { ...toF, fallbackOnBadRequest: true } })
    expect(ids(runToEnd(opted, opted.plan('g'), () => failureOf('bad_request')))).toBe('a b')
  })

  it('take the list made for the kind of failure, else the general one', () => {
    const routing = {
      ...none,
      fallbacks: new Map([['g', ['general']]]),
      contextWindowFallbacks: new Map([['g', ['wide']]]),
      contentPolicyFallbacks: new Map([['g', ['lenient']]]),
    }
    const names = ['g:a', 'general:b', 'wide:c', 'lenient:d']
    const run = (kind: FailureKind): string => {
      const chain = bench(names, { routing })
      return ids(runToEnd(chain, chain.plan('g'), (id) => failureOf(id === 'a' ? kind : 'bad_request')))
    }
    expect([run('context_window'), run('content_policy'), run('server_error')]).toEqual(['a c', 'a d', 'a b'])
  })

  it('are not used when the request disables them', () => {
    const chain = bench(['g:a', 'f:b'], { routing: { ...toF, ...none } })
    const plan = chain.plan('g', { fallbacks: { ...requestFallbacks, disabled: true } })
    expect(ids(runToEnd(chain, plan, () => failureOf('server_error')))).toBe('a')
  })

  it('named by the request replace the configured ones and need permission', () => {
    const names = ['g:a', 'f:b', 'h:c', 'i:d']
    const chain = bench(names, { routing: { ...toF, ...none } })
    const plan = chain.plan('g', {
      fallbacks: { ...requestFallbacks, general: ['h', 'i'] },
      mayUse: ({ group }) => group.name !== 'h',
    })
    expect(ids(runToEnd(chain, plan, () => failureOf('server_error')))).toBe('a d')
  })

  it('named by the operator need permission only when the operator says so', () => {
    for (const [fallbacksIgnoreKeyModels, asked] of [
      [true, 'a b'],
      [false, 'a'],
    ] as const) {
      const chain = bench(['g:a', 'f:b'], { routing: { ...toF, ...none, fallbacksIgnoreKeyModels } })
      expect(
        ids(
          runToEnd(chain, chain.plan('g', { mayUse: (_, isExempt) => isExempt }), () =>
            failureOf('server_error'),
          ),
        ),
      ).toBe(asked)
    }
  })

  it('may be a deployment id, whose cooldown is ignored', () => {
    const chain = bench(['g:a', 'f:b', 'f:c'], { routing: { ...none, fallbacks: new Map([['g', ['c']]]) } })
    chain.coolDown('c', 9000)
    expect(ids(runToEnd(chain, chain.plan('g'), () => failureOf('server_error')))).toBe('a c')
  })

  it('may be a map that overrides members of the request', () => {
    const target = { model: 'f', temperature: 0, messages: [] }
    const chain = bench(['g:a', 'f:b'], { routing: { ...none, fallbacks: new Map([['g', [target]]]) } })
    const plan = chain.plan('g')
    expect(expectAttempt(plan).overrides).toBeNull()
    plan.fail(failureOf('server_error'))
    expect(expectAttempt(plan).overrides).toEqual({ temperature: 0, messages: [] })
  })

  it('do not lead a pinned request away, unless it names them itself', () => {
    const chain = bench(['g:a', 'g:b', 'f:c'], { routing: toF })
    expect(ids(runToEnd(chain, chain.plan('a'), () => failureOf('authentication')))).toBe('a')
    const plan = chain.plan('a', { fallbacks: { ...requestFallbacks, general: ['f'] } })
    expect(ids(runToEnd(chain, plan, () => failureOf('authentication')))).toBe('a c')
  })
})

describe('a pinned deployment', () => {
  it('is called while it cools down, with its own retries', () => {
    const two = bench(['g:a', 'g:b'])
    two.coolDown('b', 60_000)
    expect(ids(runToEnd(two, two.plan('b'), () => failureOf('server_error')))).toBe('b b b')
  })
})

describe('when nothing can be called', () => {
  it('says when to try again', () => {
    const two = bench(['g:a', 'g:b'])
    two.coolDown('a', 9000)
    two.coolDown('b', 3100)
    const error = expectError(two.plan('g'))
    expect(error.status).toBe(429)
    expect(error.options.retryAfterSeconds).toBe(4)
  })

  it('never picks what cools down or is filtered, under any strategy and interleaving', () => {
    const strategies = [
      'simple-shuffle',
      'least-busy',
      'usage-based-routing',
      'latency-based-routing',
      'cost-based-routing',
    ]
    for (const strategy of strategies) {
      const names = ['g:a', 'g:b', 'g:c', 'g:d']
      const models = names.map((name) =>
        modelConfig('g', { info: { id: name.slice(2), blocked: name === 'g:d' } }),
      )
      const all = new Bench(models, { routing: { strategy } })
      const random = seededRandom(7)
      for (let index = 0; index < 300; index++) {
        const id = ['a', 'b', 'c'][Math.floor(random() * 3)] ?? 'a'
        if (random() < 0.1) all.coolDown(id, 5000)
        all.now += Math.floor(random() * 1000)
        const attempt = all.plan('g').next()
        if (!('deployment' in attempt)) continue
        expect(attempt.deployment.config.info.blocked).toBe(false)
        expect(attempt.deployment.state.isCoolingDown(all.now)).toBe(false)
      }
    }
  })
})
