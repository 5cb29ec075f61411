import { describe, expect, it } from 'vitest'
import { toOctets } from './octet-text.ts'

describe('toOctets', () => {
  it.each(['', 'plain {"json":"\\ud800"}', 'Zürich', '漢字 and 👋', '\u0000\u007f\u0080\u00ff'])(
    'has an octet of UTF-8 in each character of %j',
    (text) => {
      const octets = toOctets(text)
      expect(octets).not.toMatch(/[^\0-\xff]/)
      expect(Buffer.from(octets, 'latin1')).toEqual(Buffer.from(text))
    },
  )
})
