import { describe, expect, it } from 'vitest'
import { digestKey, digestPepperedKey, equalDigests } from './key-digest.ts'

describe('digests', () => {
  it('are SHA-256 and HMAC-SHA-256 in hex', () => {
    // FIPS 180-2 appendix B.1, RFC 4231 test case 2.
    expect(digestKey('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
    expect(digestPepperedKey('what do ya want for nothing?', 'Jefe')).toBe(
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    )
  })

  it('compare as text would, whatever their length', () => {
    const digest = digestKey('a')
    expect(equalDigests(digest, digestKey('a'))).toBe(true)
    expect(equalDigests(digest, digestKey('b'))).toBe(false)
    expect(equalDigests(digest, digest.slice(2))).toBe(false)
    expect(equalDigests(digest, '')).toBe(false)
  })
})
