import { describe, expect, it } from 'vitest'
import { joinThoughtCallId, placeholderSignature, splitThoughtCallId } from './thought-call-id.ts'

describe('the id of a call with a thought signature', () => {
  it.each(['c2lnbmF0dXJl', 'Eo+/AQ==', '+/+/', 'not base64 at all!', 'c2lnbmF0dXJl==', '签名'])(
    'gives back id and signature %s unchanged',
    (signature) => {
      const joined = joinThoughtCallId('call_1', signature)
      expect(joined).toMatch(/^[\w.-]+$/)
      expect(splitThoughtCallId(joined)).toEqual({ id: 'call_1', signature })
    },
  )

  it('is the id itself without a signature', () => {
    expect(joinThoughtCallId('call_1', null)).toBe('call_1')
    expect(splitThoughtCallId('call_1')).toEqual({ id: 'call_1', signature: null })
  })

  it('is the id itself with the placeholder, which is no signature', () => {
    expect(joinThoughtCallId('call_1', placeholderSignature)).toBe('call_1')
  })

  it('is not joined twice', () => {
    const joined = joinThoughtCallId('call_1', 'c2ln')
    expect(joinThoughtCallId(joined, 'b3RoZXI=')).toBe(joined)
  })

  it('takes an empty signature for none', () => {
    expect(splitThoughtCallId('call_1__thought__')).toEqual({ id: 'call_1', signature: null })
  })
})
