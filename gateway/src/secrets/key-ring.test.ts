import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { BlobSealer } from '../conversation/blob-sealer.ts'
import { isSealedSecret, KeyRing, type SealedPlace } from './key-ring.ts'

const [first, second] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
const place: SealedPlace = { table: 'webhooks', row: '["default","w1"]' }
const ringOf = (...roots: (string | Buffer)[]) => new KeyRing(roots, [], randomBytes)

describe('a ring of keys', () => {
  it('opens what it sealed, for the same row', () => {
    const ring = ringOf(first)
    const sealed = ring.seal(place, 'a secret ✓')
    expect(sealed).not.toContain('secret')
    expect(isSealedSecret(sealed)).toBe(true)
    expect(ring.open(place, sealed)).toBe('a secret ✓')
  })

  it('seals with its first key and opens with every other', () => {
    const sealed = ringOf(first).seal(place, 'kept')
    const rotated = ringOf(second, first)
    expect(rotated.open(place, sealed)).toBe('kept')
    expect(rotated.seal(place, 'kept').startsWith(rotated.currentPrefix ?? '-')).toBe(true)
    expect(sealed.startsWith(rotated.knownPrefixes[1] ?? '-')).toBe(true)
    expect(ringOf(second).open(place, sealed)).toBeNull()
  })

  it('never seals the same secret alike', () => {
    const ring = ringOf(first)
    expect(ring.seal(place, 'x')).not.toBe(ring.seal(place, 'x'))
  })

  it.each<SealedPlace>([
    { table: 'webhooks', row: '["default","w2"]' },
    { table: 'managed_models', row: place.row },
  ])('does not open for $table $row what was sealed for another place', (other) => {
    const ring = ringOf(first)
    expect(ring.open(other, ring.seal(place, 'x'))).toBeNull()
  })

  it('does not open what was altered anywhere', () => {
    const ring = ringOf(first)
    const sealed = ring.seal(place, 'x')
    for (let at = 0; at < sealed.length - 1; at++) {
      const other = sealed[at] === 'A' ? 'B' : 'A'
      expect(ring.open(place, sealed.slice(0, at) + other + sealed.slice(at + 1)), String(at)).toBeNull()
    }
    expect(ring.open(place, '')).toBeNull()
    expect(ring.open(place, sealed.slice(0, 30))).toBeNull()
  })

  it('refuses to seal without a key', () => {
    expect(() => ringOf().seal(place, 'x')).toThrow('ROUTEIQ_ENCRYPTION_KEY')
    expect(ringOf().currentPrefix).toBeNull()
  })

  it.each([
    ['named no row', '', true],
    ['named its row', place.row, true],
    ['named its row and more', '["default","w1","https://here"]', true],
    ['named another row', '["default","w2"]', false],
  ])('opens old envelopes that %s', (_, account, isOpened) => {
    const ring = new KeyRing([first], ['another', 'salt'], randomBytes)
    const blob = { form: 'webhook', family: '', account, payload: 'x' } as const
    expect(ring.open(place, new BlobSealer('salt', randomBytes).seal(blob))).toBe(isOpened ? 'x' : null)
    expect(ring.open(place, new BlobSealer('lost', randomBytes).seal(blob))).toBeNull()
  })
})
