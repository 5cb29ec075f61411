import { GatewayError } from '@routeiq/contract'
import { describe, expect, it } from 'vitest'
import { anonymous, modelConfig, snapshotOf } from './for-test.ts'
import { type NamingPrincipal, resolveModel, resolveTarget } from './resolve-model.ts'

const snapshot = snapshotOf(
  [
    modelConfig('gpt-4o', { info: { id: 'first-id' } }),
    modelConfig('gpt-4o'),
    modelConfig('internal-1', { info: { id: 'team-id', teamId: 'blue', teamPublicModelName: 'ours' } }),
    modelConfig('*', { upstreamModel: 'fallback/*' }),
    modelConfig('openai/*', { upstreamModel: '*', info: { id: 'wild-id' } }),
    modelConfig('openai/gpt-*', { upstreamModel: 'special-*' }),
    modelConfig('eu/*/*', { upstreamModel: '*-in-*' }),
  ],
  {
    aliases: {
      fast: { model: 'gpt-4o', hidden: false },
      twice: { model: 'fast', hidden: false },
      wild: { model: 'openai/o3', hidden: false },
      direct: { model: 'first-id', hidden: false },
      'gpt-4o': { model: 'openai/o3', hidden: false },
    },
  },
)

const resolve = (name: string, principal: Partial<NamingPrincipal> = {}) =>
  resolveModel(snapshot, name, { ...anonymous, ...principal })

const upstream = (name: string, principal: Partial<NamingPrincipal> = {}) =>
  resolve(name, principal).group.deployments[0]?.upstreamModel

describe('resolveModel', () => {
  it('takes a name that is a deployment id and a group for the id', () => {
    const both = snapshotOf([modelConfig('same'), modelConfig('other', { info: { id: 'same' } })])
    expect(resolveModel(both, 'same', anonymous)).toMatchObject({ pinned: true, group: { name: 'other' } })
    expect(resolveTarget(both, 'same', null)).toMatchObject({ pinned: true, group: { name: 'other' } })
  })

  it('pins a deployment by its id', () => {
    const resolution = resolve('first-id')
    expect(resolution.pinned).toBe(true)
    expect(resolution.group.deployments.map(({ id }) => id)).toEqual(['first-id'])
  })

  it('finds a group before an alias of the same name', () => {
    expect(resolve('gpt-4o').group.deployments).toHaveLength(2)
  })

  it('follows an alias one hop, also to a wildcard or a deployment', () => {
    expect(resolve('fast').group.name).toBe('gpt-4o')
    expect(upstream('wild')).toBe('o3')
    expect(resolve('direct').group.deployments).toHaveLength(1)
  })

  it('does not follow a second alias', () => {
    expect(upstream('twice')).toBe('fallback/fast')
  })

  it('knows a team name to members only', () => {
    expect(upstream('ours', { teamId: 'blue' })).toBe('internal-1')
    expect(upstream('ours')).toBe('fallback/ours')
    expect(upstream('ours', { teamId: 'red' })).toBe('fallback/ours')
  })

  it('knows models that are all of one team to its members and admins only', () => {
    expect(upstream('internal-1', { teamId: 'blue' })).toBe('internal-1')
    const agents = { isAdmin: true, teamId: null, permissions: [], agentId: null }
    expect(upstream('internal-1', { agents })).toBe('internal-1')
    expect(upstream('internal-1', { teamId: 'red' })).toBe('fallback/internal-1')
    const alone = snapshotOf([modelConfig('theirs', { info: { id: 'team-id', teamId: 'blue' } })])
    expect(() => resolveModel(alone, 'theirs', anonymous)).toThrow('Invalid model name')
  })

  it("does not let others pin a team's deployment", () => {
    expect(resolve('team-id', { teamId: 'blue' }).pinned).toBe(true)
    expect(resolve('team-id', { teamId: 'red' }).pinned).toBe(false)
  })

  it('matches wildcards textually, most specific first, unheard-of models included', () => {
    expect(upstream('openai/gpt-77-unreleased')).toBe('special-77-unreleased')
    expect(upstream('openai/brand-new/model')).toBe('brand-new/model')
    expect(upstream('eu/mistral/large')).toBe('mistral-in-large')
    expect(upstream('whatever')).toBe('fallback/whatever')
  })

  it('keeps the configured deployment id and state for wildcard models', () => {
    const one = resolve('openai/a').group.deployments[0]
    const other = resolve('openai/b').group.deployments[0]
    expect(one?.id).toBe('wild-id')
    expect(one?.state).toBe(other?.state)
    expect(one?.group).toBe('openai/a')
  })

  it('cannot pin a wildcard deployment, which has no concrete model', () => {
    expect(resolve('wild-id').pinned).toBe(false)
  })

  it('rewrites by the aliases of the key, then of the team', () => {
    const keyAliases = new Map([['mine', 'gpt-4o']])
    const teamAliases = new Map([
      ['mine', 'openai/o3'],
      ['theirs', 'openai/o3'],
    ])
    expect(resolve('mine', { keyAliases, teamAliases }).effectiveName).toBe('gpt-4o')
    expect(resolve('theirs', { keyAliases, teamAliases }).effectiveName).toBe('openai/o3')
    expect(resolve('mine', { keyAliases }).requestedName).toBe('mine')
  })

  it('answers everything with completion_model when it is set', () => {
    const forced = snapshotOf([modelConfig('only')], { completionModel: 'only' })
    expect(resolveModel(forced, 'anything', anonymous).group.name).toBe('only')
  })

  it('says how to find models when the name is unknown', () => {
    const empty = snapshotOf([modelConfig('only')])
    const attempt = () => resolveModel(empty, 'X', anonymous)
    expect(attempt).toThrow(GatewayError)
    expect(attempt).toThrow(
      'Invalid model name passed in model=X. Call `/v1/models` to view available models for your key.',
    )
    expect(resolveTarget(empty, 'X', null)).toBeNull()
  })

  it('ends on aliases in a circle', () => {
    const circular = snapshotOf([modelConfig('m')], {
      aliases: { a: { model: 'b', hidden: false }, b: { model: 'a', hidden: false } },
    })
    expect(() => resolveModel(circular, 'a', anonymous)).toThrow(/Invalid model name/)
  })

  it('does not grow with the names clients make up', () => {
    const wild = snapshotOf([modelConfig('*', { upstreamModel: '*' })])
    const first = resolveModel(wild, 'name-0', anonymous).group
    expect(resolveModel(wild, 'name-0', anonymous).group).toBe(first)
    for (let index = 1; index <= 1000; index++) resolveModel(wild, `name-${index}`, anonymous)
    expect(resolveModel(wild, 'name-0', anonymous).group).not.toBe(first)
  })
})
