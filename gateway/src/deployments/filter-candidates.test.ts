import { describe, expect, it } from 'vitest'
import type { RoutingConfig } from '../config/config.ts'
import type { Deployment } from './deployment.ts'
import { Removals } from './empty-candidates-error.ts'
import { type CandidateRequest, type FilterRules, filterCandidates } from './filter-candidates.ts'
import { candidateRequest, type ModelPatch, modelConfig, routingDefaults, snapshotOf } from './for-test.ts'

const now = 1_000_000_000_000

function group(patches: readonly ModelPatch[]): readonly Deployment[] {
  const models = patches.map((patch, index) =>
    modelConfig('g', { ...patch, info: { id: `d${index}`, ...patch.info } }),
  )
  return snapshotOf(models).groups.get('g')?.deployments ?? []
}

function filter(
  deployments: readonly Deployment[],
  request: Partial<CandidateRequest> = {},
  routing: Partial<RoutingConfig> = {},
  rules: Partial<FilterRules> = {},
) {
  const removals = new Removals(now, null)
  const all = {
    routing: { ...routingDefaults, ...routing },
    enforceLimits: false,
    ignoreCooldown: false,
    breakers: null,
    now,
    ...rules,
  }
  const kept = filterCandidates(deployments, candidateRequest(request), all, removals)
  return {
    kept: kept.map(({ id }) => id),
    removed: Object.fromEntries(removals.reasons),
    list: kept,
    removals,
  }
}

function cool(deployment: Deployment | undefined, milliseconds: number): void {
  const untilMs = now + milliseconds
  const cause = { durationMs: milliseconds, status: 429, reason: '', startedAtMs: now }
  deployment?.state.startCooldown({ deploymentId: deployment.id, untilMs, ...cause })
}

describe('filterCandidates', () => {
  it('returns the very array when nothing is removed', () => {
    const deployments = group([{}, {}])
    expect(filter(deployments).list).toBe(deployments)
    expect(filter(deployments, { tags: ['x'] }).list).toBe(deployments)
  })

  it('removes blocked deployments, those of other teams and those that lack the operation', () => {
    const deployments = group([
      { info: { blocked: true } },
      { info: { teamId: 'blue' } },
      { provider: 'anthropic' },
      {},
    ])
    expect(filter(deployments, { operation: 'embedding' })).toMatchObject({
      kept: ['d3'],
      removed: { d0: 'blocked', d1: 'team', d2: 'operation' },
    })
    expect(filter(deployments, { teamId: 'blue' }).kept).toEqual(['d1', 'd2', 'd3'])
  })

  it('removes what cools down or is being probed, unless the deployment is pinned', () => {
    const deployments = group([{}, {}, {}])
    cool(deployments[0], 5000)
    cool(deployments[1], 0)
    deployments[1]?.state.takeProbe(now)
    expect(filter(deployments)).toMatchObject({ kept: ['d2'], removed: { d0: 'cooldown', d1: 'cooldown' } })
    expect(filter(deployments, {}, {}, { ignoreCooldown: true }).kept).toEqual(['d0', 'd1', 'd2'])
  })

  it('judges abilities and context only with pre-call checks, and only by what is known', () => {
    const deployments = group([
      { info: { raw: { supports_vision: false } } },
      { info: { maxInputTokens: 1000 } },
      { upstreamModel: 'unheard-of' },
    ])
    const request: Partial<CandidateRequest> = { capabilities: ['supports_vision'], inputTokens: 2000 }
    expect(filter(deployments, request).kept).toEqual(['d0', 'd1', 'd2'])
    expect(filter(deployments, request, { enablePreCallChecks: true })).toMatchObject({
      kept: ['d2'],
      removed: { d0: 'capability', d1: 'context_window' },
    })
  })

  it('does not call a prompt too long because of the upper estimate', () => {
    const deployments = group([{ info: { maxInputTokens: 1000 } }])
    const checks = { enablePreCallChecks: true }
    expect(filter(deployments, { inputTokens: 1333 }, checks).kept).toEqual(['d0'])
    expect(filter(deployments, { inputTokens: 1334 }, checks).kept).toEqual([])
  })

  it('keeps only the allowed region, and trusts no deployment of unknown region', () => {
    const deployments = group([{ regionName: 'eu' }, { regionName: 'us' }, {}])
    const eu = { name: 'eu', members: [], isHard: true }
    expect(filter(deployments, { region: eu }).kept).toEqual(['d0'])
    expect(filter(deployments, { region: { ...eu, members: ['d2'] } }).kept).toEqual(['d0', 'd2'])
    expect(filter(deployments, { region: { ...eu, name: 'asia' } }).kept).toEqual([])
  })

  it('prefers a region that is only wished for', () => {
    const deployments = group([{ regionName: 'eu-west-1' }, { regionName: 'us' }])
    const eu = { name: 'eu', members: ['eu-west-1'], isHard: false }
    expect(filter(deployments, { region: eu })).toMatchObject({ kept: ['d0'], removed: { d1: 'region' } })
    expect(filter(deployments, { region: { ...eu, members: [] } }).kept).toEqual(['d0', 'd1'])
  })

  it('treats rpm and tpm as limits only where they are', () => {
    const deployments = group([{ requestsPerMinute: 1 }, { tokensPerMinute: 150 }, {}])
    for (const { state } of deployments) state.reserve(now, 100)
    expect(filter(deployments).kept).toEqual(['d0', 'd1', 'd2'])
    const limited = filter(deployments, {}, {}, { enforceLimits: true })
    expect(limited).toMatchObject({ kept: ['d2'], removed: { d0: 'rate_limit', d1: 'rate_limit' } })
  })

  it('leaves a deployment alone whose parallel slots are taken', () => {
    const deployments = group([{ maxParallelRequests: 1 }, {}])
    deployments[0]?.state.reserve(now, 0)
    expect(filter(deployments).removed).toEqual({ d0: 'parallel_limit' })
    deployments[0]?.state.release(now, now, 0, 0)
    expect(filter(deployments).kept).toEqual(['d0', 'd1'])
  })

  describe('with tag filtering', () => {
    const deployments = group([{ tags: ['paid', 'eu'] }, { tags: ['free'] }, { tags: ['default'] }, {}])
    const tagged = { enableTagFiltering: true }

    it.each([
      ['a matching tag', ['paid'], {}, ['d0']],
      ['any of several', ['paid', 'free'], {}, ['d0', 'd1']],
      ['all of several when asked for', ['paid', 'eu'], { tagFilteringMatchAny: false }, ['d0']],
      ['no tag: the defaults', [], {}, ['d2']],
      ['an unknown tag: the defaults', ['other'], {}, ['d2']],
    ])('%s', (_, tags, routing, kept) => {
      expect(filter(deployments, { tags }, { ...tagged, ...routing }).kept).toEqual(kept)
    })

    it('serves untagged requests by all when nothing is tagged default', () => {
      expect(filter(group([{ tags: ['paid'] }, {}]), {}, tagged).kept).toEqual(['d0', 'd1'])
    })

    it('has nothing for an unknown tag without defaults', () => {
      expect(filter(group([{ tags: ['paid'] }, {}]), { tags: ['other'] }, tagged).kept).toEqual([])
    })
  })
})

describe('the error for an empty set', () => {
  const errorOf = (
    deployments: readonly Deployment[],
    ...rest: [Partial<CandidateRequest>?, Partial<RoutingConfig>?, Partial<FilterRules>?]
  ) => filter(deployments, ...rest).removals.toError('M', rest[0]?.tags ?? [])

  it('names the shortest wait when everything cools down', () => {
    const deployments = group([{}, {}])
    cool(deployments[0], 30_000)
    cool(deployments[1], 4200)
    const error = errorOf(deployments)
    expect(error.code).toBe('no_deployments_available')
    expect(error.status).toBe(429)
    expect(error.options.retryAfterSeconds).toBe(5)
    expect(error.message).toMatch(
      /^No deployments available for selected model, Try again in 5 seconds\. Passed model=M\. /,
    )
  })

  it('waits for the next minute when limits are used up', () => {
    const deployments = group([{ requestsPerMinute: 0 }])
    const error = errorOf(deployments, {}, {}, { enforceLimits: true })
    expect(error.options.retryAfterSeconds).toBe(60 - Math.floor((now % 60_000) / 1000))
  })

  it('says context length when a prompt was too long', () => {
    const deployments = group([{ info: { maxInputTokens: 10 } }, {}])
    cool(deployments[1], 5000)
    const error = errorOf(deployments, { inputTokens: 1000 }, { enablePreCallChecks: true })
    expect(error.code).toBe('context_length_exceeded')
    expect(error.message).toMatch(/ContextWindowExceededError.*prompt is too long.*context length/)
  })

  it('counts the reasons otherwise', () => {
    const error = errorOf(
      group([{ info: { blocked: true } }, { info: { blocked: true } }, { regionName: 'us' }]),
      {
        region: { name: 'eu', members: [], isHard: true },
      },
    )
    expect(error.code).toBe('no_eligible_deployment')
    expect(error.message).toBe('No eligible deployment for model=M. Filtered out: blocked: 2, region: 1.')
    expect(error.options.retryAfterSeconds).toBe(1)
  })

  it('refuses tags no deployment carries with 401 and the tags', () => {
    const error = errorOf(group([{ tags: ['paid'] }]), { tags: ['other'] }, { enableTagFiltering: true })
    expect(error.status).toBe(401)
    expect(error.message).toContain("tags=['other']")
  })

  it('says that a model lacks the operation', () => {
    const error = errorOf(group([{ provider: 'anthropic' }]), { operation: 'embedding' })
    expect(error.code).toBe('unsupported_parameter')
    expect(error.message).toBe('The provider of model=M has no such endpoint; choose another model.')
  })

  it("refuses another team's model", () => {
    expect(errorOf(group([{ info: { teamId: 'blue' } }])).code).toBe('key_model_access_denied')
  })
})
