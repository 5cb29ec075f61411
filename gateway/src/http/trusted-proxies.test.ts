import { describe, expect, it } from 'vitest'
import type { ServerRequest } from './server/server-request.ts'
import { TrustedProxies } from './trusted-proxies.ts'

const proxies = new TrustedProxies(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32', 'nonsense'])

function addressOf(peer: string | undefined, forwarded?: string): string | undefined {
  let address = peer
  // Only these members are read.
  const request = {
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
    remoteAddress: peer,
    cameFrom: (client: string) => {
      address = client
    },
  } as unknown as ServerRequest
  proxies.apply(request)
  return address
}

describe('the client behind proxies', () => {
  it.each([
    ['nobody was passed on', '10.0.0.1', undefined, '10.0.0.1'],
    ['one proxy', '10.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['one proxy, as IPv6 spells it', '::ffff:10.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['two proxies', '10.0.0.1', '198.51.100.1, 192.0.2.7', '198.51.100.1'],
    ['a client that writes the header itself', '10.0.0.1', '127.0.0.1, 198.51.100.1', '198.51.100.1'],
    ['a client that names a proxy', '10.0.0.1', '10.0.0.9, 198.51.100.1, 10.0.0.2', '198.51.100.1'],
    ['proxies alone', '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['a peer that is no proxy', '203.0.113.9', '10.0.0.1', '203.0.113.9'],
    ['a peer without an address', undefined, '198.51.100.1', undefined],
    ['ports', '10.0.0.1', '198.51.100.1:4711', '198.51.100.1'],
    ['IPv6 with a port', '2001:db8::1', '[2001:470::1]:443', '2001:470::1'],
    ['IPv6', '2001:db8::1', '2001:470::1', '2001:470::1'],
    ['nonsense alone', '10.0.0.1', 'unknown', '10.0.0.1'],
    ['nonsense behind a proxy', '10.0.0.1', '198.51.100.1, unknown, 10.0.0.2', '10.0.0.2'],
    ['an empty header', '10.0.0.1', '', '10.0.0.1'],
  ])('with %s', (_, peer, forwarded, expected) => {
    expect(addressOf(peer, forwarded)).toBe(expected)
  })
})
