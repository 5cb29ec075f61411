import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type Blob, BlobSealer, isSealed } from './blob-sealer.ts'

const sealer = new BlobSealer('secret', randomBytes)
const blob: Blob = { form: 'signature', family: 'google', account: 'd-1', payload: 'sig+/=nature ü' }

describe('a sealed blob', () => {
  it('opens to what was sealed, in every form and length', () => {
    for (const payload of ['', 'x', 'ü'.repeat(10_000)]) {
      for (const form of ['signature', 'redacted'] as const) {
        const sealed = sealer.seal({ ...blob, form, payload })
        expect(sealed).toMatch(/^riq1\.[A-Za-z0-9_-]+$/)
        expect(sealer.open(sealed)).toEqual({ ...blob, form, payload })
      }
    }
  })

  it('is never the same twice, and shows nothing of what is inside', () => {
    const [one, two] = [sealer.seal(blob), sealer.seal(blob)]
    expect(one).not.toBe(two)
    expect(Buffer.from(one.slice(5), 'base64url').toString('latin1')).not.toContain('google')
  })

  it('does not open when any of its bytes was changed', () => {
    const sealed = sealer.seal(blob)
    const bytes = Buffer.from(sealed.slice(5), 'base64url')
    for (let index = 0; index < bytes.length; index += 1) {
      const changed = Buffer.from(bytes)
      changed[index] = (changed[index] ?? 0) ^ 1
      expect(sealer.open(`riq1.${changed.toString('base64url')}`)).toBeNull()
    }
  })

  it('does not open with another key, cut short, or without its prefix', () => {
    const sealed = sealer.seal(blob)
    expect(new BlobSealer('other', randomBytes).open(sealed)).toBeNull()
    for (const text of [sealed.slice(0, -1), sealed.slice(0, 20), sealed.slice(5), 'riq1.', 'riq1.é', ''])
      expect(sealer.open(text)).toBeNull()
    expect(new BlobSealer('secret', randomBytes).open(sealed)).toEqual(blob)
  })

  it('is known by its prefix', () => {
    expect([isSealed(sealer.seal(blob)), isSealed('EqQBCg'), isSealed('')]).toEqual([true, false, false])
  })
})
