import { describe, expect, it } from 'vitest'
import type { UpstreamRequest } from '../transport.ts'
import { encodeRequestHead } from './encode-request.ts'
import { RequestHeads } from './request-heads.ts'
import { UpstreamError } from './upstream-error.ts'

function request(changes: Partial<UpstreamRequest>): UpstreamRequest {
  return {
    origin: 'http://a.test',
    method: 'POST',
    path: '/v1',
    headers: [],
    body: Buffer.from('x'),
    ...changes,
  }
}

function encode(changes: Partial<UpstreamRequest>): string {
  return encodeRequestHead(request(changes), 'a.test')
}

describe('encodeRequestHead', () => {
  it('stops where the length of the body goes', () => {
    expect(encode({ headers: ['Accept', '*/*', 'x-empty', ''] })).toBe(
      'POST /v1 HTTP/1.1\r\nhost: a.test\r\nconnection: keep-alive\r\nAccept: */*\r\nx-empty: \r\ncontent-length: ',
    )
  })

  it('says nothing about a length for a GET or DELETE without a body, but does for a POST', () => {
    expect(encode({ method: 'GET', body: null }).endsWith('keep-alive\r\n\r\n')).toBe(true)
    expect(encode({ method: 'DELETE', body: null }).endsWith('keep-alive\r\n\r\n')).toBe(true)
    expect(encode({ method: 'POST', body: null }).endsWith('content-length: ')).toBe(true)
  })

  it("takes the caller's host once", () => {
    expect(encode({ headers: ['Host', 'b.test'] })).not.toContain('a.test')
    expect(() => encode({ headers: ['Host', 'b.test', 'host', 'c.test'] })).toThrow(UpstreamError)
  })

  it.each([
    ['line break in a value', ['x', 'a\r\nevil: 1']],
    ['line feed in a value', ['x', 'a\nb']],
    ['carriage return in a value', ['x', 'a\rb']],
    ['NUL in a value', ['x', 'a\0b']],
    ['DEL in a value', ['x', 'a\x7f']],
    ['a character outside latin1', ['x', 'a\u010a']],
    ['a character that latin1 would fold into a line feed', ['x', '\u560a']],
    ['line break in a name', ['x\r\nevil', '1']],
    ['colon in a name', ['x:', '1']],
    ['space in a name', ['x ', '1']],
    ['empty name', ['', '1']],
    ['name without a value', ['x']],
    ['content-length', ['Content-Length', '5']],
    ['transfer-encoding', ['transfer-encoding', 'chunked']],
    ['connection', ['Connection', 'close']],
    ['upgrade', ['upgrade', 'h2c']],
    ['expect', ['expect', '100-continue']],
  ])('refuses a header list with %s', (_, headers) => {
    expect(() => encode({ headers })).toThrow(expect.objectContaining({ code: 'UPSTREAM_INVALID_REQUEST' }))
  })

  it.each(['', 'v1', '/a b', '/a\r\nhost: b', '/é', '/\0'])('refuses the path %j', (path) => {
    expect(() => encode({ path })).toThrow(expect.objectContaining({ code: 'UPSTREAM_INVALID_REQUEST' }))
  })

  it('never repeats a secret value in its message', () => {
    expect(() => encode({ headers: ['authorization', 'Bearer secret\n'] })).toThrow(/^(?!.*secret)/)
  })
})

describe('RequestHeads', () => {
  it('keeps the octets of a frozen header list and tells requests apart', () => {
    const heads = new RequestHeads('a.test')
    const headers = Object.freeze(['x', '1'])
    const first = heads.encode(request({ headers }))
    expect(heads.encode(request({ headers }))).toBe(first)
    expect(heads.encode(request({ headers, path: '/other' })).toString()).toContain('/other')
    expect(heads.encode(request({ headers, method: 'GET', body: null })).toString()).toMatch(/^GET \/v1 /)
    expect(heads.encode(request({ headers, method: 'DELETE', body: null })).toString()).not.toContain(
      'length',
    )
    expect(heads.encode(request({ headers, method: 'DELETE' })).toString()).toContain('length')
  })

  it('sees a change of a list that is not frozen', () => {
    const heads = new RequestHeads('a.test')
    const headers = ['x', 'before']
    heads.encode(request({ headers }))
    headers[1] = 'after'
    expect(heads.encode(request({ headers })).toString()).toContain('x: after')
  })
})
