import { describe, expect, it } from 'vitest'
import { MalformedMessage } from '../../http1/malformed-message.ts'
import { CHUNKED_BODY, parseRequestHead } from './parse-request-head.ts'

function parse(requestLine: string, ...lines: string[]) {
  return parseRequestHead(`${[requestLine, ...lines].join('\r\n')}\r\n\r\n`)
}

const post = 'POST /v1/x HTTP/1.1'

describe('a request head', () => {
  it('is read whole', () => {
    const head = parse('POST /v1/x?y=%20 HTTP/1.1', 'Host: a', 'X-One:  spaced \t', 'CONTENT-LENGTH: 12')
    expect(head).toMatchObject({
      method: 'POST',
      target: '/v1/x?y=%20',
      oldVersion: false,
      headerCount: 3,
      longestValue: 6,
      bodyLength: 12,
      keepAlive: true,
      expectsContinue: false,
    })
    expect({ ...head.headers }).toEqual({ host: 'a', 'x-one': 'spaced' })
  })

  it('joins what is repeated and keeps the first of what means one thing', () => {
    const { headers } = parse(
      post,
      'x-a: 1',
      'authorization: Bearer one',
      'X-A: 2',
      'Authorization: Bearer two',
    )
    expect([headers['x-a'], headers['authorization']]).toEqual(['1, 2', 'Bearer one'])
  })

  it('has headers without a prototype', () => {
    const { headers } = parse(post, '__proto__: 1', 'constructor: 2')
    expect(Object.entries(headers)).toEqual([
      ['__proto__', '1'],
      ['constructor', '2'],
    ])
  })

  it('keeps octets beyond ASCII in values', () => {
    expect(parse(post, 'x: \xe9\xff').headers['x']).toBe('\xe9\xff')
  })
})

describe('the connection', () => {
  it.each([
    ['HTTP/1.1', null, true],
    ['HTTP/1.1', 'close', false],
    ['HTTP/1.1', 'Keep-Alive, CLOSE', false],
    ['HTTP/1.1', 'upgrade', true],
    ['HTTP/1.0', null, false],
    ['HTTP/1.0', 'keep-alive', true],
    ['HTTP/1.0', 'Keep-Alive', true],
  ])('%s with %s may go on: %s', (version, connection, expected) => {
    const lines = connection === null ? [] : [`connection: ${connection}`]
    expect(parse(`GET / ${version}`, ...lines).keepAlive).toBe(expected)
  })
})

describe('the body', () => {
  it.each([
    [[], 0],
    [['content-length: 0'], 0],
    [['content-length: 999999999999999'], 999_999_999_999_999],
    [['transfer-encoding: Chunked'], CHUNKED_BODY],
  ])('%j is %d long', (lines, expected) => {
    expect(parse(post, ...lines).bodyLength).toBe(expected)
  })

  it('may wait for leave to come', () => {
    expect(parse(post, 'content-length: 1', 'Expect: 100-Continue').expectsContinue).toBe(true)
  })
})

describe('what two readers could read in two ways', () => {
  it.each([
    ['two lengths', ['content-length: 1', 'content-length: 2']],
    ['the same length twice', ['content-length: 1', 'content-length: 1']],
    ['a list of lengths', ['content-length: 1, 1']],
    ['a signed length', ['content-length: +1']],
    ['a hexadecimal length', ['content-length: 0x1']],
    ['an empty length', ['content-length:']],
    ['a length beyond exact numbers', ['content-length: 9999999999999999']],
    ['length and chunks', ['content-length: 1', 'transfer-encoding: chunked']],
    ['two codings', ['transfer-encoding: gzip', 'transfer-encoding: chunked']],
    ['a coding not understood', ['transfer-encoding: gzip, chunked']],
    ['a misspelt coding', ['transfer-encoding: xchunked']],
    ['an empty coding', ['transfer-encoding:']],
    ['two hosts', ['host: a', 'host: b']],
    ['a space before the colon', ['content-length : 1']],
    ['a folded line', ['x-a: 1', ' content-length: 1']],
    ['no colon', ['nonsense']],
    ['no name', [': 1']],
    ['a bare line feed', ['x-a: 1\ncontent-length: 1']],
    ['a bare carriage return', ['x-a: 1\rcontent-length: 1']],
    ['NUL', ['x-a: \0']],
    ['a name with a space', ['x a: 1']],
  ])('%s', (_, lines) => {
    expect(() => parse(post, ...lines)).toThrow(MalformedMessage)
  })

  it.each([
    'POST / HTTP/1.0\r\ntransfer-encoding: chunked',
    'GET /',
    'GET  / HTTP/1.1',
    'GET / HTTP/1.1 ',
    'GET /a b HTTP/1.1',
    'GET / HTTP/2.0',
    'GET / http/1.1',
    'get / HTTP/1.1',
    'G@T / HTTP/1.1',
    ' GET / HTTP/1.1',
    'GET /\x7f HTTP/1.1',
    'GET /\xe9 HTTP/1.1',
  ])('%j', (text) => {
    expect(() => parse(text)).toThrow(MalformedMessage)
  })
})
