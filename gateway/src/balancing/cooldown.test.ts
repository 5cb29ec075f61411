import { describe, expect, it } from 'vitest'
import { type ModelPatch, modelConfig } from '../deployments/for-test.ts'
import type { FailureKind } from '../providers/failure.ts'
import { recordFailure, recordSuccess } from './cooldown.ts'
import type { Cooldown } from './deployment-state.ts'
import { Bench, type BenchOptions, expectAttempt, failureOf, firstCandidate } from './for-test.ts'

function bench(ids: readonly string[], options: BenchOptions = {}, patch: ModelPatch = {}): Bench {
  const models = ids.map((id) => modelConfig('g', { ...patch, info: { ...patch.info, id } }))
  return new Bench(models, { strategy: firstCandidate, ...options })
}

function fail(core: Bench, id: string, kind: FailureKind, retryAfterMs: number | null = null): void {
  const deployment = core.deployment(id)
  const group = core.context.snapshot.groups.get(deployment.group)
  if (group === undefined) throw new Error('no group')
  const attempt = { deployment, group, failure: failureOf(kind, retryAfterMs), probe: false }
  recordFailure(attempt, core.context.snapshot.routing, core.context.states, core.now)
}

const remaining = (core: Bench, id: string): number => core.deployment(id).state.cooldownRemainingMs(core.now)

describe('the states of all deployments', () => {
  it('tell whether one of them has a cooldown', () => {
    const core = bench(['a', 'b'])
    const { states } = core.context
    expect(states.hasCooldowns).toBe(false)
    fail(core, 'a', 'rate_limit')
    fail(core, 'b', 'rate_limit')
    core.now += 10_000
    recordSuccess(core.deployment('a'), core.now)
    expect(states.hasCooldowns).toBe(true)
    recordSuccess(core.deployment('b'), core.now)
    expect(states.hasCooldowns).toBe(false)
  })

  it('forget the cooldowns of deployments that have gone', () => {
    const core = bench(['a', 'b'])
    fail(core, 'a', 'rate_limit')
    core.context.states.retain(new Set(['b']))
    expect(core.context.states.hasCooldowns).toBe(false)
  })
})

describe('the default rules', () => {
  it('cool a rate-limited deployment only when it has company', () => {
    const pair = bench(['a', 'b'])
    fail(pair, 'a', 'rate_limit')
    expect(remaining(pair, 'a')).toBe(5000)
    const alone = bench(['a'])
    fail(alone, 'a', 'rate_limit')
    expect(remaining(alone, 'a')).toBe(0)
  })

  it('cool above half of at least five failing, when not alone', () => {
    const pair = bench(['a', 'b'])
    recordSuccess(pair.deployment('a'), pair.now)
    recordSuccess(pair.deployment('a'), pair.now)
    for (let count = 0; count < 2; count++) fail(pair, 'a', 'server_error')
    expect(remaining(pair, 'a')).toBe(0)
    fail(pair, 'a', 'server_error')
    expect(remaining(pair, 'a')).toBe(5000)
  })

  it('do not cool at exactly half, nor on four failures', () => {
    const pair = bench(['a', 'b'])
    for (let count = 0; count < 3; count++) recordSuccess(pair.deployment('a'), pair.now)
    for (let count = 0; count < 3; count++) fail(pair, 'a', 'server_error')
    for (let count = 0; count < 4; count++) fail(pair, 'b', 'server_error')
    expect([remaining(pair, 'a'), remaining(pair, 'b')]).toEqual([0, 0])
  })

  it('count by UTC minute', () => {
    const pair = bench(['a', 'b'])
    for (let count = 0; count < 4; count++) fail(pair, 'a', 'server_error')
    pair.now += 60_000
    fail(pair, 'a', 'server_error')
    expect(remaining(pair, 'a')).toBe(0)
  })

  it('cool even a single deployment when a thousand requests all failed', () => {
    const alone = bench(['a'])
    for (let count = 0; count < 999; count++) fail(alone, 'a', 'server_error')
    expect(remaining(alone, 'a')).toBe(0)
    fail(alone, 'a', 'server_error')
    expect(remaining(alone, 'a')).toBe(5000)
  })

  it.each(['authentication', 'permission', 'not_found', 'quota_exhausted'] as const)(
    'never cool the last routable deployment for %s',
    (kind) => {
      const pair = bench(['a', 'b'])
      fail(pair, 'a', kind)
      for (let count = 0; count < 10; count++) fail(pair, 'b', kind)
      expect(remaining(pair, 'a')).toBeGreaterThan(0)
      expect(remaining(pair, 'b')).toBe(0)
      const alone = bench(['a'])
      for (let count = 0; count < 1500; count++) fail(alone, 'a', kind)
      expect(remaining(alone, 'a')).toBe(0)
    },
  )

  it('do not let a made-up model name cool a wildcard deployment', () => {
    const models = ['a', 'b'].map((id) => modelConfig('openai/*', { upstreamModel: '*', info: { id } }))
    const wild = new Bench(models, { strategy: firstCandidate })
    const plan = wild.plan('openai/nonsense')
    const { state } = expectAttempt(plan).deployment
    plan.fail(failureOf('not_found'))
    expect(state.isCoolingDown(wild.now)).toBe(false)
  })
})

describe('the counting mode', () => {
  it('cools strictly above the limit within the window', () => {
    const alone = bench(['a'], { routing: { allowedFails: 2 } })
    fail(alone, 'a', 'server_error')
    fail(alone, 'a', 'server_error')
    expect(remaining(alone, 'a')).toBe(0)
    fail(alone, 'a', 'server_error')
    expect(remaining(alone, 'a')).toBe(5000)
  })

  it('forgets failures older than cooldown_time', () => {
    const alone = bench(['a'], { routing: { allowedFails: 1 } })
    fail(alone, 'a', 'server_error')
    alone.now += 5000
    fail(alone, 'a', 'server_error')
    expect(remaining(alone, 'a')).toBe(0)
  })

  it('replaces the default rules: one rate limit is allowed then', () => {
    const pair = bench(['a', 'b'], { routing: { allowedFails: 1 } })
    fail(pair, 'a', 'rate_limit')
    expect(remaining(pair, 'a')).toBe(0)
  })

  it('takes limits by class, and the default rules for classes without one', () => {
    const pair = bench(['a', 'b'], { routing: { allowedFailsPolicy: { RateLimitErrorAllowedFails: 1 } } })
    fail(pair, 'a', 'rate_limit')
    fail(pair, 'b', 'authentication')
    expect([remaining(pair, 'a'), remaining(pair, 'b')]).toEqual([0, 5000])
  })

  it('takes the limit of the deployment before all', () => {
    const alone = bench(['a'], { routing: { allowedFails: 9 } }, { info: { allowedFails: 0 } })
    fail(alone, 'a', 'server_error')
    expect(remaining(alone, 'a')).toBe(5000)
  })
})

describe('the duration', () => {
  it.each([
    ['the router', null, null, 5000],
    ['Retry-After', null, 20_000, 20_000],
    ['Retry-After, at most 300 s', null, 900_000, 300_000],
    ['the deployment', 7000, 20_000, 7000],
    ['the deployment, off', 0, 20_000, 0],
  ])('is that of %s', (_, cooldownMs, retryAfterMs, expected) => {
    const pair = bench(['a', 'b'], {}, { cooldownMs })
    fail(pair, 'a', 'rate_limit', retryAfterMs)
    expect(remaining(pair, 'a')).toBe(expected)
  })

  it('is five minutes for an exhausted quota', () => {
    const pair = bench(['a', 'b'])
    fail(pair, 'a', 'quota_exhausted')
    expect(remaining(pair, 'a')).toBe(300_000)
  })

  it.each([{ cooldownMs: 0 }, { disableCooldowns: true }])('is nothing with %o', (routing) => {
    const pair = bench(['a', 'b'], { routing })
    fail(pair, 'a', 'rate_limit', 20_000)
    fail(pair, 'b', 'quota_exhausted')
    expect([remaining(pair, 'a'), remaining(pair, 'b')]).toEqual([0, 0])
  })

  it('is not shortened by later failures of requests sent before', () => {
    const pair = bench(['a', 'b'])
    fail(pair, 'a', 'rate_limit', 20_000)
    fail(pair, 'a', 'rate_limit')
    expect(remaining(pair, 'a')).toBe(20_000)
  })
})

describe('recovery', () => {
  it('lets one probe through after the cooldown, and all after its success', () => {
    const pair = bench(['a', 'b'])
    pair.failOn('a', failureOf('rate_limit'))
    pair.now += 5000
    const probe = pair.plan('g')
    expect(expectAttempt(probe).deployment.id).toBe('a')
    expect(expectAttempt(pair.plan('g')).deployment.id).toBe('b')
    probe.receiveFirstByte()
    expect(expectAttempt(pair.plan('g')).deployment.id).toBe('a')
    expect(expectAttempt(pair.plan('g')).deployment.id).toBe('a')
  })

  it('doubles after each failed probe, up to a minute, and starts anew after a success', () => {
    const pair = bench(['a', 'b'])
    const durations: number[] = []
    for (let round = 0; round < 6; round++) {
      pair.failOn('a', failureOf(round === 0 ? 'rate_limit' : 'server_error'))
      durations.push(remaining(pair, 'a'))
      pair.now += remaining(pair, 'a')
    }
    expect(durations).toEqual([5000, 10_000, 20_000, 40_000, 60_000, 60_000])
    const plan = pair.plan('g')
    expectAttempt(plan)
    plan.succeed(null)
    pair.failOn('a', failureOf('rate_limit'))
    expect(remaining(pair, 'a')).toBe(5000)
  })

  it('is shown by any answer of the deployment, a refusal of the request included', () => {
    const pair = bench(['a', 'b'])
    pair.failOn('a', failureOf('rate_limit'))
    pair.now += 5000
    pair.failOn('a', failureOf('bad_request'))
    expectAttempt(pair.plan('g'))
    expect(expectAttempt(pair.plan('g')).deployment.id).toBe('a')
  })

  it('is neither shown nor denied by a client that leaves', () => {
    const pair = bench(['a', 'b'])
    pair.failOn('a', failureOf('rate_limit'))
    pair.now += 5000
    const plan = pair.plan('g')
    expectAttempt(plan)
    plan.abort()
    expect(expectAttempt(pair.plan('g')).deployment.id).toBe('a')
    expect(expectAttempt(pair.plan('g')).deployment.id).toBe('b')
  })

  it('lets another probe go when the first has not answered for half a minute', () => {
    const pair = bench(['a', 'b'])
    pair.failOn('a', failureOf('rate_limit'))
    pair.now += 5000
    expectAttempt(pair.plan('g'))
    pair.now += 29_999
    expect(expectAttempt(pair.plan('g')).deployment.id).toBe('b')
    pair.now += 1
    expect(expectAttempt(pair.plan('g')).deployment.id).toBe('a')
  })

  it('does not end early because a request sent before the cooldown succeeds', () => {
    const pair = bench(['a', 'b'])
    const early = pair.plan('g')
    expectAttempt(early)
    pair.failOn('a', failureOf('rate_limit'))
    early.succeed(null)
    expect(remaining(pair, 'a')).toBe(5000)
  })
})

describe('sharing', () => {
  it('tells listeners of own cooldowns and applies those of others without echo', () => {
    const pair = bench(['a', 'b'])
    const heard: Cooldown[] = []
    pair.context.states.onCooldown((cooldown) => heard.push(cooldown))
    fail(pair, 'a', 'rate_limit', 20_000)
    expect(heard).toEqual([
      {
        deploymentId: 'a',
        untilMs: pair.now + 20_000,
        durationMs: 20_000,
        status: 429,
        reason: 'upstream said rate_limit',
        startedAtMs: pair.now,
      },
    ])
    const [first] = heard
    if (first === undefined) throw new Error('nothing was heard')
    pair.context.states.applyCooldown({ ...first, deploymentId: 'b' })
    pair.context.states.applyCooldown({ ...first, deploymentId: 'unknown' })
    pair.context.states.applyCooldown({ ...first, untilMs: pair.now + 1 })
    expect([remaining(pair, 'a'), remaining(pair, 'b')]).toEqual([20_000, 20_000])
    expect(heard).toHaveLength(1)
  })
})
