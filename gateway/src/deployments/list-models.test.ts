import { describe, expect, it } from 'vitest'
import { compileModelGrants } from './allowed-models.ts'
import { builtInPriceTable, modelConfig, snapshotOf } from './for-test.ts'
import { listModels } from './list-models.ts'

const snapshot = snapshotOf(
  [
    modelConfig('gpt-4o'),
    modelConfig('off', { info: { blocked: true } }),
    modelConfig('internal-1', { info: { teamId: 'blue', teamPublicModelName: 'ours' } }),
    modelConfig('blue-only', { info: { teamId: 'blue' } }),
    modelConfig('claude', { provider: 'anthropic' }),
    modelConfig('anthropic/*', { provider: 'anthropic', upstreamModel: '*' }),
  ],
  {
    aliases: {
      fast: { model: 'gpt-4o', hidden: false },
      covert: { model: 'gpt-4o', hidden: true },
      dangling: { model: 'nothing', hidden: false },
    },
  },
)

function list(models: readonly string[] = [], teamId: string | null = null, expandWildcards = false) {
  const request = { key: compileModelGrants(models), layers: [], teamId, expandWildcards }
  return listModels(snapshot, request, builtInPriceTable())
}

const ids = (listed: ReturnType<typeof list>): readonly string[] => listed.map(({ id }) => id)

describe('listModels', () => {
  it('lists groups, visible aliases and wildcards as they are written', () => {
    expect(ids(list())).toEqual(['gpt-4o', 'claude', 'fast', 'anthropic/*'])
    expect(list()[1]).toMatchObject({ id: 'claude', provider: 'anthropic', maxInputTokens: null })
  })

  it('shows members the models of their team by public name', () => {
    expect(ids(list([], 'blue'))).toEqual(['gpt-4o', 'blue-only', 'claude', 'ours', 'fast', 'anthropic/*'])
  })

  it('shows only what the key may call', () => {
    expect(ids(list(['claude']))).toEqual(['claude'])
    expect(ids(list(['no-default-models']))).toEqual([])
  })

  it('replaces wildcards by known models when asked to', () => {
    const expanded = ids(list([], null, true))
    expect(expanded).toContain('anthropic/claude-haiku-4-5')
    expect(expanded).not.toContain('anthropic/*')
    expect(expanded).not.toContain('anthropic/gpt-4o')
  })
})
