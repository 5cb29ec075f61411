import { describe, expect, it } from 'vitest'
import { chooseInstallName, installNamesOf } from './install-name.ts'

const id = '6f1f7c2e-6a55-4f0e-9d55-0c5f8f8d2f10'
const base = (name: string): string => installNamesOf(name, id).base

describe('names of folders', () => {
  it.each([
    ['Acme/Refund_Policy', 'acme-refund-policy'],
    ['refunds', 'refunds'],
    ['Ünïcödé', 'unicode'],
    ['a.b__c', 'a-b-c'],
  ])('%s becomes %s', (name, folder) => {
    expect(base(name)).toBe(folder)
  })

  it.each(['日本語', 'install', 'owner/日', '404', 'yes', '2026-01-01', '0x1f', 'a'.repeat(65)])(
    '%s does not tell and gets a part of its id',
    (name) => {
      expect(base(name)).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)*-[0-9a-f]{6}$/)
      expect(base(name).length).toBeLessThanOrEqual(64)
    },
  )

  it('go around what is taken, whatever its case, and stay with who has them', () => {
    const names = installNamesOf('refunds', id)
    expect(chooseInstallName(names, id, new Map())).toBe('refunds')
    expect(chooseInstallName(names, id, new Map([['Refunds', null]]))).toBe(names.disambiguated)
    expect(chooseInstallName(names, id, new Map([['old-name', id]]))).toBe('old-name')
    const taken = new Map([
      ['refunds', 'other'],
      [names.disambiguated, null],
    ])
    expect(chooseInstallName(names, id, taken)).toBeNull()
  })
})
