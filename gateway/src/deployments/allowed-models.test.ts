import { describe, expect, it } from 'vitest'
import { compileModelGrants, isModelAllowed, requireModelAllowed } from './allowed-models.ts'
import { anonymous, modelConfig, snapshotOf } from './for-test.ts'
import { resolveModel } from './resolve-model.ts'

const snapshot = snapshotOf(
  [
    modelConfig('gpt-4o', { info: { id: 'gpt-id', accessGroups: ['beta'] } }),
    modelConfig('secret'),
    modelConfig('openai/*', { upstreamModel: '*', info: { accessGroups: ['wild-group'] } }),
  ],
  { aliases: { cheap: { model: 'secret', hidden: false }, fast: { model: 'gpt-4o', hidden: false } } },
)

function allows(models: readonly string[], name: string, team: readonly string[] | null = null): boolean {
  const keyAliases = new Map([['rewritten', 'secret']])
  const resolution = resolveModel(snapshot, name, { ...anonymous, keyAliases })
  return isModelAllowed(
    compileModelGrants(models),
    team === null ? [] : [{ scope: 'team', grants: compileModelGrants(team) }],
    resolution,
  )
}

describe('isModelAllowed', () => {
  it.each([
    ['an empty list', [], 'gpt-4o', true],
    ['the name', ['gpt-4o'], 'gpt-4o', true],
    ['another name', ['gpt-4o'], 'secret', false],
    ['a name with the granted one as prefix', ['openai/gpt'], 'openai/gpt-4o', false],
    ['a wildcard grant', ['openai/*'], 'openai/brand-new', true],
    ['a wildcard grant that does not match', ['openai/gpt-*'], 'openai/o3', false],
    ['a star', ['*'], 'secret', true],
    ['an access group', ['beta'], 'gpt-4o', true],
    ['an access group of a wildcard', ['wild-group'], 'openai/o3', true],
    ['an access group of another model', ['beta'], 'secret', false],
    ['all-proxy-models', ['all-proxy-models'], 'secret', true],
    ['no-default-models', ['no-default-models'], 'gpt-4o', false],
    ['no-default-models beside a name', ['no-default-models', 'gpt-4o'], 'gpt-4o', true],
    ['all-team-models without a team', ['all-team-models'], 'gpt-4o', false],
    ['an alias granted without its target', ['cheap'], 'cheap', false],
    ['the target without the alias', ['gpt-4o'], 'fast', false],
    ['alias and target', ['fast', 'gpt-4o'], 'fast', true],
    ['a name the key rewrites to a model it lacks', ['rewritten'], 'rewritten', false],
    ['a name the key rewrites to one it has', ['secret'], 'rewritten', true],
    ['a deployment id of a granted group', ['gpt-4o'], 'gpt-id', true],
    ['a deployment id of another group', ['secret'], 'gpt-id', false],
  ])('%s', (_, models, name, allowed) => {
    expect(allows(models, name)).toBe(allowed)
  })

  it.each([
    ['an empty key list within the team', [], ['gpt-4o'], 'gpt-4o', true],
    ['an empty key list beyond the team', [], ['gpt-4o'], 'secret', false],
    ['all-team-models', ['all-team-models'], ['gpt-4o'], 'gpt-4o', true],
    ['all-team-models beyond the team', ['all-team-models'], ['gpt-4o'], 'secret', false],
    ['a key list beyond the team', ['secret'], ['gpt-4o'], 'secret', false],
    ['a key list below the team', ['gpt-4o'], [], 'secret', false],
  ])('with a team: %s', (_, models, team, name, allowed) => {
    expect(allows(models, name, team)).toBe(allowed)
  })

  it('refuses with the text clients know', () => {
    const resolution = resolveModel(snapshot, 'secret', anonymous)
    expect(() => requireModelAllowed(compileModelGrants(['gpt-4o', 'fast']), [], resolution)).toThrow(
      "key not allowed to access model. This key can only access models=['gpt-4o', 'fast']. Tried to access secret",
    )
  })
})
