import { describe, expect, it } from 'vitest'
import { createRedactor } from '../redact.ts'
import { makeRequestRecord } from '../request-record.fixture.ts'
import { LabelQuoter } from './label-quoter.ts'

/** A quoter, and how often it has asked its redactor. */
function makeCountedQuoter() {
  const asked: string[] = []
  const redactText = (text: string): string => {
    asked.push(text)
    return text
  }
  return { quoter: new LabelQuoter({ redactText, addSecrets: () => undefined, revision: 0 }), asked }
}

describe('LabelQuoter', () => {
  it('redacts and quotes', () => {
    expect(new LabelQuoter(createRedactor()).quote('a "sk-abcdefgh"')).toBe('"a \\"[REDACTED]\\""')
  })

  it('asks the redactor once for a name that comes again', () => {
    const { quoter, asked } = makeCountedQuoter()
    quoter.quote('fast')
    quoter.refresh()
    quoter.quote('fast')
    expect(asked).toEqual(['fast'])
    quoter.quoteOnce('id')
    quoter.quoteOnce('id')
    quoter.quoteOnce('other')
    quoter.quoteOnce('id')
    expect(asked).toEqual(['fast', 'id', 'other', 'id'])
  })

  it('remembers the names of ten thousand deployments', () => {
    const { quoter, asked } = makeCountedQuoter()
    const names = Array.from({ length: 10_000 }, (_, at) => `${'0'.repeat(64)}${at}`)
    for (const name of [...names, ...names]) quoter.quote(name)
    expect(asked).toHaveLength(names.length)
  })

  it('remembers with the names of deployments that they are their own literals, where there is room', () => {
    const { quoter, asked } = makeCountedQuoter()
    const names = { deploymentId: 'd1', provider: 'openai', upstreamModel: 'gpt-4o', apiBase: 'x' }
    const notes = { judgedAt: null, isClean: false, series: null }
    for (const target of [{ ...names, notes }, { ...names, notes }, names]) {
      const record = makeRequestRecord({ target, group: 'fast' })
      expect(quoter.quoteNameOf(record, 'gpt-4o')).toBe('"gpt-4o"')
      expect(quoter.quoteNameOf(record, 'openai')).toBe('"openai"')
      expect(quoter.quoteRequested('fast', record)).toBe('"fast"')
      expect(quoter.quoteRequested('f"ast', record)).toBe('"f\\"ast"')
    }
    expect(asked).toEqual(['fast', 'openai', 'gpt-4o', 'f"ast', 'gpt-4o', 'openai', 'fast'])
    expect(names).not.toHaveProperty('notes')
  })

  it.each([
    { group: 'fa"st' },
    { provider: 'open"ai' },
    { upstreamModel: 'gpt"4o' },
    { upstreamModel: 'x'.repeat(300) },
  ])('quotes the names of deployments one of which is not its own literal: %j', (odd) => {
    const { quoter } = makeCountedQuoter()
    const { group, ...names } = { group: 'fast', provider: 'openai', upstreamModel: 'gpt-4o', ...odd }
    const notes = { judgedAt: null, isClean: false, series: null }
    const record = makeRequestRecord({ target: { deploymentId: 'd1', apiBase: 'x', ...names, notes }, group })
    for (const name of [group, names.provider, names.upstreamModel, group])
      expect(quoter.quoteNameOf(record, name)).toBe(JSON.stringify(name.slice(0, 256)))
  })

  it('asks the redactor once for the id of a deployment that lasts', () => {
    const { quoter, asked } = makeCountedQuoter()
    const names = { provider: 'openai', upstreamModel: 'gpt-4o', apiBase: 'x' }
    const lasting = { ...names, deploymentId: 'd1', cleanAt: null }
    const odd = { ...names, deploymentId: 'd"1', cleanAt: null }
    for (const target of [lasting, odd, lasting]) quoter.quoteTargetId(target)
    expect(asked).toEqual(['d1', 'd"1'])
    expect(quoter.quoteTargetId(lasting)).toBe('"d1"')
    expect(quoter.quoteTargetId(odd)).toBe('"d\\"1"')
    expect(quoter.quoteTargetId({ ...names, deploymentId: 'd2' })).toBe('"d2"')
  })

  it('asks nobody about ids made here', () => {
    const { quoter, asked } = makeCountedQuoter()
    expect(quoter.quoteId(makeRequestRecord({ isOwnId: true }))).toBe('"req-1"')
    expect(asked).toEqual([])
    expect(quoter.quoteId(makeRequestRecord({ isOwnId: false }))).toBe('"req-1"')
    expect(asked).toEqual(['req-1'])
  })

  it('starts over rather than grow without end', () => {
    const { quoter, asked } = makeCountedQuoter()
    const names = Array.from({ length: 20_000 }, (_, at) => `${'x'.repeat(200)}${at}`)
    for (const name of names) quoter.quote(name)
    asked.length = 0
    expect(quoter.quote(names[0] ?? '')).toBe(`"${names[0]}"`)
    expect(asked).toHaveLength(1)
  })

  it('hides a secret that was learned since', () => {
    const redactor = createRedactor()
    const quoter = new LabelQuoter(redactor)
    expect([quoter.quote('my-alias-1'), quoter.quoteOnce('my-alias-1')]).not.toContain('"[REDACTED]"')
    const target = {
      deploymentId: 'my-alias-1',
      provider: 'openai',
      upstreamModel: 'x',
      apiBase: 'x',
      notes: { judgedAt: null, isClean: false, series: null },
      cleanAt: null,
    }
    const record = makeRequestRecord({ target, group: 'my-alias-1' })
    expect(quoter.quoteTargetId(target)).toBe('"my-alias-1"')
    expect(quoter.quoteNameOf(record, 'my-alias-1')).toBe('"my-alias-1"')
    redactor.addSecrets(['my-alias-1'])
    quoter.refresh()
    expect(quoter.quote('my-alias-1')).toBe('"[REDACTED]"')
    expect(quoter.quoteOnce('my-alias-1')).toBe('"[REDACTED]"')
    expect(quoter.quoteTargetId(target)).toBe('"[REDACTED]"')
    expect(quoter.quoteNameOf(record, 'my-alias-1')).toBe('"[REDACTED]"')
  })
})
