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

  it('keeps the names of a deployment with it, where there is room', () => {
    const { quoter, asked } = makeCountedQuoter()
    const names = { deploymentId: 'd1', provider: 'openai', upstreamModel: 'gpt-4o', apiBase: 'x' }
    const lasting = { ...names, literals: null }
    const said = { revision: 0, deploymentId: '"d1"', provider: '"openai"', upstreamModel: '"gpt-4o"' }
    for (const target of [lasting, lasting, names]) expect(quoter.namesOf(target)).toEqual(said)
    expect(asked).toEqual(['d1', 'openai', 'gpt-4o', 'd1', 'gpt-4o'])
    expect(names).not.toHaveProperty('literals')
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
      literals: null,
    }
    expect(quoter.namesOf(target).deploymentId).toBe('"my-alias-1"')
    redactor.addSecrets(['my-alias-1'])
    quoter.refresh()
    expect(quoter.quote('my-alias-1')).toBe('"[REDACTED]"')
    expect(quoter.quoteOnce('my-alias-1')).toBe('"[REDACTED]"')
    expect(quoter.namesOf(target).deploymentId).toBe('"[REDACTED]"')
  })
})
