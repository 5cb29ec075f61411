import { describe, expect, it } from 'vitest'
import { createRedactor } from '../redact.ts'
import { LabelQuoter } from './label-quoter.ts'

describe('LabelQuoter', () => {
  it('redacts and quotes', () => {
    expect(new LabelQuoter(createRedactor().redactText).quote('a "sk-abcdefgh"')).toBe('"a \\"[REDACTED]\\""')
  })

  it('asks the redactor once for a name that comes again', () => {
    let calls = 0
    const quoter = new LabelQuoter((text) => {
      calls += 1
      return text
    })
    quoter.quote('fast')
    quoter.quote('fast')
    expect(calls).toBe(1)
    quoter.quoteOnce('id')
    quoter.quoteOnce('id')
    expect(calls).toBe(2)
    quoter.quoteOnce('other')
    quoter.quoteOnce('id')
    expect(calls).toBe(4)
  })

  it('hides a secret that was learned a second ago', () => {
    const redactor = createRedactor()
    const quoter = new LabelQuoter(redactor.redactText)
    quoter.expire(5000)
    expect(quoter.quote('my-alias-1')).toBe('"my-alias-1"')
    redactor.addSecrets(['my-alias-1'])
    quoter.expire(6000)
    expect(quoter.quote('my-alias-1')).toBe('"[REDACTED]"')
  })
})
