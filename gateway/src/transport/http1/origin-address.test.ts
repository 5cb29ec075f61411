import { describe, expect, it } from 'vitest'
import { parseOrigin } from './origin-address.ts'

describe('parseOrigin', () => {
  it.each([
    ['https://api.test', { secure: true, hostname: 'api.test', port: 443, host: 'api.test' }],
    ['https://API.test:443/', { secure: true, hostname: 'api.test', port: 443, host: 'api.test' }],
    ['http://api.test', { secure: false, hostname: 'api.test', port: 80, host: 'api.test' }],
    ['http://10.0.0.1:8080', { secure: false, hostname: '10.0.0.1', port: 8080, host: '10.0.0.1:8080' }],
    ['http://[::1]:1234', { secure: false, hostname: '::1', port: 1234, host: '[::1]:1234' }],
  ])('reads %s', (origin, address) => {
    expect(parseOrigin(origin)).toEqual(address)
  })

  it.each([
    '',
    'api.test',
    'ftp://a.test',
    'https://a.test/v1',
    'https://a.test?x',
    'https://user:pw@a.test',
    'file:///a',
    'https://a.test#x',
  ])('refuses %j', (origin) => {
    expect(() => parseOrigin(origin)).toThrow(expect.objectContaining({ code: 'UPSTREAM_INVALID_REQUEST' }))
  })
})
