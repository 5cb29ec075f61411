import { describe, expect, it } from 'vitest'
import { DeploymentStates } from '../balancing/deployment-states.ts'
import { buildForTest, modelConfig, snapshotOf } from './for-test.ts'

describe('buildSnapshot', () => {
  it('compiles what a request reads', () => {
    const model = modelConfig('chat', {
      upstreamModel: 'gpt-4o',
      organization: 'org-1',
      extraHeaders: { 'X-Team': 'a', 'USER-AGENT': 'custom' },
      timeoutMs: 5000,
      info: { id: 'one', accessGroups: ['beta'] },
    })
    const deployment = snapshotOf([model], { routing: { defaultMaxParallelRequests: 7 } }).byDeploymentId.get(
      'one',
    )
    expect(deployment).toMatchObject({
      group: 'chat',
      upstreamModel: 'gpt-4o',
      origin: 'https://api.openai.com',
      apiBase: 'https://api.openai.com/v1',
      timeoutMs: 5000,
      streamTimeoutMs: 5000,
      maxParallelRequests: 7,
    })
    expect(deployment?.prices?.plain?.input).toBe(2_500_000)
    expect(deployment?.facts.maxInputTokens).toBe(128_000)
    const headers = deployment?.headers ?? []
    expect(headers[headers.indexOf('authorization') + 1]).toBe('Bearer sk-upstream')
    expect(headers[headers.indexOf('openai-organization') + 1]).toBe('org-1')
    expect(headers[headers.indexOf('x-team') + 1]).toBe('a')
    expect(headers.filter((value) => value === 'user-agent')).toHaveLength(1)
    expect(headers[headers.indexOf('user-agent') + 1]).toBe('custom')
  })

  it('reports entries it cannot use and keeps the others', () => {
    const { snapshot, diagnostics } = buildForTest([
      modelConfig('planned', { provider: 'watsonx' }),
      modelConfig('unknown', { provider: 'nobody' }),
      modelConfig('baseless', { provider: 'custom_openai' }),
      modelConfig('bad-url', { apiBase: 'nonsense' }),
      modelConfig('bad-header', { extraHeaders: { 'x-a': 'one\r\ntwo' } }),
      modelConfig('stars', { upstreamModel: 'gpt-*' }),
      modelConfig('fine'),
    ])
    expect([...snapshot.groups.keys()]).toEqual(['fine'])
    expect(diagnostics.map(({ severity, path, message }) => `${severity} ${path}: ${message}`)).toEqual([
      'error model_list[0] (planned): provider `watsonx` is not available yet; the entry is left out',
      'error model_list[1] (unknown): provider `nobody` is unknown; the entry is left out',
      'error model_list[2] (baseless): provider `custom_openai` needs `api_base`; the entry is left out',
      'error model_list[3] (bad-url): `nonsense` is not a URL; the entry is left out',
      'error model_list[4] (bad-header): the value of header `x-a` holds a forbidden character; the entry is left out',
      'error model_list[5] (stars): `litellm_params.model` holds more `*` than `model_name`; the entry is left out',
    ])
  })

  it('sorts order levels ascending, deployments without order last', () => {
    const ids = (id: string, order: number | null) => modelConfig('g', { order, info: { id } })
    const group = snapshotOf([ids('c', null), ids('b', 2), ids('a', 1), ids('a2', 1)]).groups.get('g')
    expect(group?.levels.map((level) => level.map(({ id }) => id))).toEqual([['a', 'a2'], ['b'], ['c']])
  })

  it('keeps one level, the same array, when no order is set', () => {
    const group = snapshotOf([modelConfig('g'), modelConfig('g')]).groups.get('g')
    expect(group?.levels).toHaveLength(1)
    expect(group?.levels[0]).toBe(group?.deployments)
  })

  it('has one object for what its deployments have in common', () => {
    const prices = { input_cost_per_token: 1e-7 }
    const models = ['a', 'b', 'c'].map((name) => modelConfig(name, { apiKey: `sk-${name === 'c'}`, prices }))
    const [a, b, c] = [...snapshotOf(models).byDeploymentId.values()]
    expect([a?.paths, a?.prices, a?.facts]).toEqual([c?.paths, c?.prices, c?.facts])
    expect(a?.paths).toBe(c?.paths)
    expect(a?.prices).toBe(c?.prices)
    expect(a?.headers).toBe(b?.headers)
    expect(a?.headers).not.toEqual(c?.headers)
    expect(a?.responses?.paths).toBe(c?.responses?.paths)
    expect(a?.responses?.paths).not.toEqual(a?.paths)
    expect([a?.id, a?.group, a?.state]).not.toEqual([b?.id, b?.group, b?.state])
  })

  it('keeps the state of a deployment over reloads', () => {
    const states = new DeploymentStates()
    const models = [modelConfig('g', { info: { id: 'kept' } })]
    const before = snapshotOf(models, { states }).byDeploymentId.get('kept')?.state
    const after = snapshotOf(models, { states }).byDeploymentId.get('kept')?.state
    expect(after).toBe(before)
    states.retain(new Set())
    expect(states.get('kept')).not.toBe(before)
  })

  it('warns once about a group with rpm or tpm on some deployments only', () => {
    const { diagnostics } = buildForTest([
      modelConfig('mixed', { requestsPerMinute: 5 }),
      modelConfig('mixed', { tokensPerMinute: 5 }),
      modelConfig('all', { requestsPerMinute: 5 }),
      modelConfig('all', { requestsPerMinute: 6 }),
      modelConfig('weighted', { weight: 1, requestsPerMinute: 1 }),
      modelConfig('weighted'),
    ])
    expect(diagnostics.map(({ path }) => path)).toEqual(['model_list (mixed)'])
  })
})
