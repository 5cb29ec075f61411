import { describe, expect, it } from 'vitest'
import { anonymousCaller, configuredCaller, maskKey } from './caller.ts'

describe('maskKey', () => {
  it.each([
    ['sk-0123456789', 'sk-...6789'],
    ['123456789012', 'sk-...9012'],
    ['12345678901', 'sk-...'],
    ['', 'sk-...'],
  ])('%s → %s', (key, masked) => {
    expect(maskKey(key)).toBe(masked)
  })
})

it('a configured caller may do everything, an anonymous one call models only', () => {
  const admin = configuredCaller('admin', 'sk-0123456789', 'hash')
  expect(admin).toMatchObject({ isAdmin: true, keyHash: 'hash', keyName: 'sk-...6789', allowedRoutes: [] })
  expect(admin.grants.allowsAll).toBe(true)
  expect(JSON.stringify(admin)).not.toContain('0123456789')
  expect(anonymousCaller).toMatchObject({ kind: 'anonymous', isAdmin: false, keyHash: null })
})
