import { describe, expect, it } from 'vitest'
import { carrierOf } from './for-test.ts'

describe('a carrier', () => {
  it('leaves values of the dialect’s own family as they are, both ways', () => {
    const carrier = carrierOf('anthropic')
    expect(carrier.wrap('sig', 'signature', 'anthropic')).toBe('sig')
    expect(carrier.unwrap('sig', 'signature', 'anthropic')).toEqual({ form: 'signature', payload: 'sig' })
  })

  it('seals foreign values and gives them back with the form they had', () => {
    const carrier = carrierOf('google')
    const sealed = carrier.wrap('sig', 'redacted', 'anthropic')
    expect(sealed).toMatch(/^riq1\./)
    expect(carrier.unwrap(sealed, 'signature', 'anthropic')).toMatchObject({
      form: 'redacted',
      payload: 'sig',
    })
  })

  it('gives nothing to another family', () => {
    const sealed = carrierOf('google').wrap('sig', 'signature', 'anthropic')
    expect(carrierOf('openai').unwrap(sealed, 'signature', 'anthropic')).toBeNull()
    expect(carrierOf('google').unwrap('bare', 'signature', 'anthropic')).toBeNull()
    expect(carrierOf('google').unwrap('bare', 'signature', null)).toBeNull()
  })

  it('gives nothing to another account where values are bound to one', () => {
    const sealed = carrierOf('openai').wrap('sig', 'signature', 'anthropic')
    const elsewhere = carrierOf('openai', { account: 'account-2' })
    const bound = carrierOf('openai', { account: 'account-2', isAccountBound: true })
    expect(elsewhere.unwrap(sealed, 'signature', 'anthropic')).not.toBeNull()
    expect(bound.unwrap(sealed, 'signature', 'anthropic')).toBeNull()
  })

  it('marks thinking that nobody signed, so that it is known again', () => {
    const sealed = carrierOf('anthropic').wrap('', 'signature', 'anthropic')
    expect(sealed).toMatch(/^riq1\./)
    expect(carrierOf('anthropic').unwrap(sealed, 'signature', 'anthropic')).toBeNull()
  })

  it.each(['', 'riq1.', 'riq1.AAAA'])('opens no %j', (text) => {
    expect(carrierOf('anthropic').unwrap(text, 'signature', 'anthropic')).toBeNull()
  })
})
