import { describe, expect, it } from 'vitest'
import { AddressGuard } from './address-guard.ts'

function admits(entries: string[], address: string | undefined): boolean {
  try {
    new AddressGuard(entries).require(address)
    return true
  } catch (error) {
    expect(error).toMatchObject({ code: 'permission_denied', status: 403 })
    expect((error as Error).message).toBe('Access forbidden: IP address not allowed.')
    return false
  }
}

it('an empty list admits everybody', () => {
  expect(admits([], '203.0.113.1')).toBe(true)
  expect(admits([], undefined)).toBe(true)
})

describe('a list', () => {
  it.each([
    [['203.0.113.7'], '203.0.113.7'],
    [[' 203.0.113.7 '], '203.0.113.7'],
    [['203.0.113.7'], '::ffff:203.0.113.7'],
    [['::ffff:203.0.113.7'], '203.0.113.7'],
    [['10.0.0.0/8'], '10.255.0.1'],
    [['10.0.0.0/8'], '::FFFF:10.255.0.1'],
    [['0.0.0.0/0'], '198.51.100.4'],
    [['2001:db8::/32'], '2001:db8:1::9'],
    [['2001:db8::1'], '2001:0db8:0:0::1'],
    [['fe80::/10'], 'fe80::1%eth0'],
    [['192.0.2.1', '10.0.0.0/8'], '10.1.1.1'],
  ])('%j admits %s', (entries, address) => {
    expect(admits(entries, address)).toBe(true)
  })

  it.each([
    [['203.0.113.7'], '203.0.113.8'],
    [['10.0.0.0/8'], '11.0.0.1'],
    [['10.0.0.0/8'], '::1'],
    [['0.0.0.0/0'], '2001:db8::1'],
    [['10.0.0.0/8'], undefined],
    [['10.0.0.0/8'], 'localhost'],
    [['10.0.0.0/8'], ''],
  ])('%j keeps %s out', (entries, address) => {
    expect(admits(entries, address)).toBe(false)
  })

  it.each([
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/8.5',
    '10.0.0.0/x',
    '2001:db8::/129',
    'home',
    '',
    '*',
  ])('of nothing but %j is closed', (entry) => {
    expect(admits([entry], '10.0.0.0')).toBe(false)
    expect(admits([entry], '2001:db8::')).toBe(false)
    expect(admits([entry, '192.0.2.1'], '192.0.2.1')).toBe(true)
  })
})
