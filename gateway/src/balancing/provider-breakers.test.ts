import { describe, expect, it } from 'vitest'
import { type ModelPatch, modelConfig } from '../deployments/for-test.ts'
import { Bench, expectAttempt, expectError, failureOf, firstCandidate } from './for-test.ts'

const limits = { failureThreshold: 3, successThreshold: 2, openMs: 30_000, windowMs: 60_000 }

function bench(): Bench {
  const model = (group: string, patch: ModelPatch = {}) =>
    modelConfig(group, { ...patch, info: { id: group } })
  return new Bench([model('one'), model('two'), model('other', { provider: 'anthropic' })], {
    strategy: firstCandidate,
    routing: { providerBreakers: { limits, byProvider: {} }, disableCooldowns: true },
  })
}

function fail(core: Bench, group: string, kind: Parameters<typeof failureOf>[0] = 'server_error'): void {
  core.failOn(group, failureOf(kind))
}

function open(core: Bench): void {
  for (let count = 0; count < 3; count++) fail(core, 'one')
}

const stateOf = (core: Bench, provider = 'openai') =>
  core.context.states.providers.stateOf(provider, core.now)

describe('the breaker of a provider', () => {
  it('opens after failures of any of its deployments within the window, and holds them all', () => {
    const core = bench()
    fail(core, 'one')
    fail(core, 'two', 'rate_limit')
    expect(stateOf(core)).toBe('closed')
    fail(core, 'one', 'connection')
    expect([stateOf(core), stateOf(core, 'anthropic')]).toEqual(['open', 'closed'])
    const refusal = expectError(core.plan('two'))
    expect(refusal.code).toBe('no_deployments_available')
    expect(refusal.message).toContain('Try again in 30 seconds')
    expect(expectAttempt(core.plan('other')).deployment.id).toBe('other')
  })

  it('forgets failures that are older than the window', () => {
    const core = bench()
    fail(core, 'one')
    fail(core, 'one')
    core.now += limits.windowMs
    fail(core, 'one')
    fail(core, 'one')
    expect(stateOf(core)).toBe('closed')
    fail(core, 'one')
    expect(stateOf(core)).toBe('open')
  })

  it('takes an answer for an answer, whatever it says', () => {
    const core = bench()
    for (const kind of ['bad_request', 'authentication', 'not_found', 'context_window', 'conflict'] as const)
      fail(core, 'one', kind)
    expect(stateOf(core)).toBe('closed')
  })

  it('lets one call at a time try, and closes after enough good ones', () => {
    const core = bench()
    open(core)
    core.now += limits.openMs
    expect(stateOf(core)).toBe('half_open')
    const first = core.plan('one')
    expectAttempt(first)
    expect(expectError(core.plan('two')).code).toBe('no_deployments_available')
    first.receiveFirstByte()
    const second = core.plan('two')
    expectAttempt(second)
    second.succeed(null)
    first.succeed(null)
    expect(stateOf(core)).toBe('closed')
  })

  it('opens again when a trial fails, and waits for no trial that was given up', () => {
    const core = bench()
    open(core)
    core.now += limits.openMs
    const left = core.plan('one')
    expectAttempt(left)
    left.abort()
    const failed = core.plan('one', { numRetries: 0 })
    expectAttempt(failed)
    failed.fail(failureOf('timeout'))
    expect(stateOf(core)).toBe('open')
    core.now += limits.openMs
    expectAttempt(core.plan('one'))
    core.now += 30_000
    expectAttempt(core.plan('one'))
  })
})
