import { describe, expect, it } from 'vitest'
import { createRedactor } from '../redact.ts'
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
    redactor.addSecrets(['my-alias-1'])
    quoter.refresh()
    expect(quoter.quote('my-alias-1')).toBe('"[REDACTED]"')
    expect(quoter.quoteOnce('my-alias-1')).toBe('"[REDACTED]"')
  })
})
