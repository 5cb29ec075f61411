import { afterAll, describe, expect, it } from 'vitest'
import type { UpstreamSink } from '../transport/transport.ts'
import { createNetworkTransport, createTokenTransport } from './network-transport.ts'

const network = createNetworkTransport(null, { maxConnectionsPerOrigin: 1 })
const tokens = createTokenTransport(network)
afterAll(() => tokens.close())

const sink: UpstreamSink = { onHeaders() {}, onData: () => true, onEnd() {}, onFailure() {} }
const request = (origin: string) => ({ origin, method: 'GET', path: '/', headers: [], body: null }) as const

describe('the way to the network', () => {
  it.each(['http://metadata.google.internal', 'http://169.254.169.254', 'http://[fe80::1]'])(
    'does not lead to %s',
    (origin) => {
      expect(() => network.send(request(origin), sink)).toThrow('may not be called')
    },
  )
})

describe('the way to token endpoints', () => {
  it('leads to the machine’s own account, and to no other metadata service', () => {
    expect(() => tokens.send(request('http://metadata.google.internal'), sink).cancel()).not.toThrow()
    expect(() => tokens.send(request('http://169.254.169.254'), sink)).toThrow('may not be called')
  })
})
