import type { IncomingHttpHeaders } from 'node:http'
import { describe, expect, it } from 'vitest'
import { readCredential } from './credential.ts'

const custom = 'x-company-key'
const read = (headers: IncomingHttpHeaders, name: string | null = custom) => readCredential(headers, name)
const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })
const key = (value: string) => ({ kind: 'key', value })
const none = { kind: 'none' }
const malformed = { kind: 'malformed' }

/** In the order in which they count. */
const sources = [
  'x-admin-api-key',
  custom,
  'x-litellm-api-key',
  'x-routeiq-api-key',
  'authorization',
  'api-key',
  'x-api-key',
  'x-goog-api-key',
  'ocp-apim-subscription-key',
]
const present = (name: string, value: string) => ({
  [name]: name === 'authorization' ? `Bearer ${value}` : value,
})

describe('the first source present wins', () => {
  it.each(sources)('%s', (name) => {
    expect(read(present(name, 'sk-1'))).toEqual(key('sk-1'))
    for (const later of sources.slice(sources.indexOf(name) + 1))
      expect(read({ ...present(later, 'sk-later'), ...present(name, 'sk-1') })).toEqual(key('sk-1'))
  })

  it('even when it is empty', () => {
    for (const name of sources.filter((source) => source !== 'authorization'))
      expect(read({ 'ocp-apim-subscription-key': 'sk-later', [name]: '' })).toEqual(none)
    expect(read({ authorization: 'Digest x', 'x-api-key': 'sk-later' })).toEqual(malformed)
  })

  it('and no other header is one', () => {
    expect(read({})).toEqual(none)
    expect(read({ cookie: 'sk-1', 'proxy-authorization': 'Bearer sk-1', 'x-user-id': 'sk-1' })).toEqual(none)
    expect(read({ [custom]: 'sk-1' }, null)).toEqual(none)
  })
})

describe('a key header', () => {
  it.each([
    ['sk-1', key('sk-1')],
    [' sk-1 ', key('sk-1')],
    ['Bearer sk-1', key('sk-1')],
    ['bearer  sk-1', key('sk-1')],
    ['Bearer ', none],
    ['Bearer', none],
    ['  ', none],
  ])('%j', (value, expected) => {
    expect(read({ 'x-litellm-api-key': value })).toEqual(expected)
  })

  it('given twice counts as its first', () => {
    expect(read({ 'x-api-key': ['sk-1', 'sk-2'] })).toEqual(key('sk-1'))
    expect(read({ 'x-api-key': [] })).toEqual(none)
  })
})

describe('Authorization', () => {
  it.each([
    [{ authorization: 'Bearer sk-1' }, key('sk-1')],
    [{ authorization: 'BEARER sk-1' }, key('sk-1')],
    [{ authorization: 'Bearer' }, none],
    [{ authorization: 'bearer ' }, none],
    [{ authorization: 'Bearer    ' }, none],
    [{ authorization: '' }, none],
    [{ authorization: 'sk-1' }, malformed],
    [{ authorization: 'Bearersk-1' }, malformed],
    [{ authorization: 'Token sk-1' }, malformed],
    [basic('user:sk-1'), key('sk-1')],
    [basic('sk-1:'), key('sk-1')],
    [basic('sk-1'), key('sk-1')],
    [basic('sk-1:x'), key('sk-1')],
    [basic('sk-1:sk-2'), key('sk-2')],
    [basic('user:plain:with:colons'), key('plain:with:colons')],
    [basic(':sk-1'), key('sk-1')],
    [basic(':'), malformed],
    [{ authorization: 'Basic !!!' }, malformed],
    [
      {
        authorization:
          'AWS4-HMAC-SHA256 Credential=Bearer sk-1/20260101/us-east-1/s/aws4_request, Signature=x',
      },
      key('sk-1'),
    ],
    [{ authorization: 'AWS4-HMAC-SHA256 Credential=AKIA/x, Signature=y' }, malformed],
  ])('%j', (headers, expected) => {
    expect(read(headers)).toEqual(expected)
  })
})
