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

  it('keeps the names of deployments with them, where there is room', () => {
    const { quoter, asked } = makeCountedQuoter()
    const names = { deploymentId: 'd1', provider: 'openai', upstreamModel: 'gpt-4o', apiBase: 'x' }
    const quoted = { revision: null, group: '', provider: '', upstreamModel: '' }
    const said = { revision: 0, group: '"fast"', provider: '"openai"', upstreamModel: '"gpt-4o"' }
    for (const target of [{ ...names, quoted }, { ...names, quoted }, names])
      expect(quoter.namesOf(target, 'fast')).toEqual(said)
    expect(asked).toEqual(['fast', 'openai', 'gpt-4o'])
    expect(names).not.toHaveProperty('quoted')
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
      quoted: { revision: null, group: '', provider: '', upstreamModel: '' },
      cleanAt: null,
    }
    expect(quoter.quoteTargetId(target)).toBe('"my-alias-1"')
    expect(quoter.namesOf(target, 'my-alias-1').group).toBe('"my-alias-1"')
    redactor.addSecrets(['my-alias-1'])
    quoter.refresh()
    expect(quoter.quote('my-alias-1')).toBe('"[REDACTED]"')
    expect(quoter.quoteOnce('my-alias-1')).toBe('"[REDACTED]"')
    expect(quoter.quoteTargetId(target)).toBe('"[REDACTED]"')
    expect(quoter.namesOf(target, 'my-alias-1').group).toBe('"[REDACTED]"')
  })
})
