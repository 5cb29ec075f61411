import { GatewayError } from '@routeiq/contract'
import { describe, expect, it } from 'vitest'
import type { DialectId } from '../conversation/dialect.ts'
import { dataOf } from './event-text.ts'
import { protocolOf, protocols } from './protocols.ts'

const address = { operation: 'chat', pathModel: null, pathStream: null } as const

describe.each(protocols.map((protocol) => [protocol.id, protocol] as const))('%s', (id, protocol) => {
  it('is found by its id', () => {
    expect(protocolOf(id)).toBe(protocol)
  })

  it('names the member a body lacks', () => {
    expect(() => protocol.readDelivery({}, address, {})).toThrow(
      expect.objectContaining({ code: 'invalid_request', options: { param: expect.any(String) } }),
    )
  })

  it('keeps a stream alive with one event that says nothing', () => {
    expect(protocol.keepalive).toMatch(/^[^\n]+(?:\n[^\n]+)*\n\n$/)
    expect([null, '{"type": "ping"}']).toContain(dataOf(protocol.keepalive))
  })

  it('tells of a failure with one event', () => {
    const error = new GatewayError('upstream_error', 'It broke\n\noff.')
    const text = protocol.formatStreamError(error, { requestId: 'r', codeStyle: 'symbolic' })
    expect(text.indexOf('\n\n')).toBe(text.length - 2)
    expect(dataOf(text)).toContain('It broke\\n\\noff.')
  })

  it('makes ids of its own from unique ones', () => {
    expect(protocol.formatId('one', 'chat')).not.toBe(protocol.formatId('two', 'chat'))
  })
})

it('a dialect that is not served is nobody’s', () => {
  expect(() => protocolOf('smoke-signals' as DialectId)).toThrow('not served')
})
