import { describe, expect, it } from 'vitest'
import { ResponseParser } from './response-parser.ts'

const LIMIT = 1024

interface Outcome {
  status: number | null
  headers: Record<string, string> | null
  body: string
  end: 'complete' | 'incomplete' | 'refused'
  surplus: boolean
}

/** Pushes the parts in turn, each in a buffer that is overwritten afterwards, and closes when asked. */
function parse(parts: readonly string[], close = false): Outcome {
  const parser = new ResponseParser(LIMIT)
  const bodies: Buffer[] = []
  let surplus = false
  for (const part of parts) {
    if (parser.complete && part !== '') surplus = true
    if (parser.complete || parser.error !== null) continue
    const input = Buffer.from(part, 'latin1')
    parser.push(input, input.length)
    if (parser.body !== null) bodies.push(parser.body)
    surplus ||= parser.surplus
    input.fill('#')
  }
  const complete = parser.complete || (close && parser.error === null && parser.finish())
  return {
    status: parser.head?.status ?? null,
    headers: parser.head?.headers.toRecord() ?? null,
    body: Buffer.concat(bodies).toString('latin1'),
    end: parser.error !== null ? 'refused' : complete ? 'complete' : 'incomplete',
    surplus,
  }
}

const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'

const ANSWERS: Record<string, string> = {
  'a fixed length': 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello',
  'no body': 'HTTP/1.1 204 No Content\r\nX-A: 1\r\nx-a: 2\r\n\r\n',
  'length 0': 'HTTP/1.1 200\r\ncontent-length:0\r\n\r\n',
  'not modified with a length': 'HTTP/1.1 304 Not Modified\r\ncontent-length: 10\r\n\r\n',
  'interim answers first':
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok',
  chunks: `${CHUNKED}5\r\nhello\r\n1;name="va lue"\r\n \r\n00A\r\n0123456789\r\n0\r\n\r\n`,
  'chunks and trailers': `${CHUNKED}3\r\nabc\r\n0;last\r\nx-checksum: 1\r\nserver-timing: a\r\n\r\n`,
  'line ends inside chunks': `${CHUNKED}6\r\n\r\n\r\n\r\n\r\n0\r\n\r\n`,
  'only the last chunk': `${CHUNKED}0\r\n\r\n`,
  'surplus octets': 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n',
  'surplus after chunks': `${CHUNKED}1\r\na\r\n0\r\n\r\nX`,
  'a malformed second chunk': `${CHUNKED}3\r\nabc\r\nZ\r\n`,
  'until close': 'HTTP/1.0 200 OK\r\n\r\nall of this',
  'a cut body': 'HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\nhello',
}

describe('ResponseParser, at every split', () => {
  it.each(Object.entries(ANSWERS))('reads %s the same', (_, answer) => {
    const whole = parse([answer], true)
    for (let first = 0; first <= answer.length; first++) {
      for (const second of [first, Math.min(first + 1, answer.length), Math.min(first + 7, answer.length)]) {
        const parts = [answer.slice(0, first), answer.slice(first, second), answer.slice(second)]
        expect(parse(parts, true)).toEqual(whole)
      }
    }
    expect(parse([...answer], true)).toEqual(whole)
  })
})

describe('ResponseParser', () => {
  it('gives lower-case names, joined duplicates, no cookies and no prototype', () => {
    const parser = new ResponseParser(LIMIT)
    const input = Buffer.from(
      'HTTP/1.1 200 OK\r\nX-A: \t one \t\r\nSet-Cookie: a=b\r\nx-a:two\r\n__proto__: p\r\ncontent-length: 0\r\ncontent-length: 0\r\n\r\n',
    )
    parser.push(input, input.length)
    expect(Object.getPrototypeOf(parser.head?.headers.toRecord())).toBe(null)
    expect(Object.entries(parser.head?.headers.toRecord() ?? {})).toEqual([
      ['x-a', 'one, two'],
      ['__proto__', 'p'],
      ['content-length', '0'],
    ])
  })

  it('takes the frame off the chunks and gives one piece per read', () => {
    expect(parse([ANSWERS['chunks'] ?? '']).body).toBe('hello 0123456789')
    const parser = new ResponseParser(LIMIT)
    const input = Buffer.from(`${CHUNKED}2\r\nab\r\n2\r\ncd\r\n`)
    parser.push(input, input.length)
    expect(parser.body?.toString()).toBe('abcd')
    expect(parser.complete).toBe(false)
  })

  it('delivers what came before the malformed part', () => {
    expect(parse([ANSWERS['a malformed second chunk'] ?? ''])).toMatchObject({ body: 'abc', end: 'refused' })
  })

  it('ends with the connection only where the frame says so', () => {
    expect(parse([ANSWERS['until close'] ?? ''], true)).toMatchObject({
      end: 'complete',
      body: 'all of this',
    })
    expect(parse([ANSWERS['a cut body'] ?? ''], true)).toMatchObject({ end: 'incomplete' })
    expect(parse([`${CHUNKED}5\r\nhello\r\n`], true)).toMatchObject({ end: 'incomplete' })
    expect(parse([`${CHUNKED}5\r\nhello\r\n0\r\n`], true)).toMatchObject({ end: 'incomplete' })
  })

  it.each([
    ['HTTP/1.1 200 OK\r\n', true],
    ['HTTP/1.1 200 OK\r\nconnection: keep-alive\r\n', true],
    ['HTTP/1.1 200 OK\r\nconnection: Close\r\n', false],
    ['HTTP/1.1 200 OK\r\nconnection: keep-alive, close\r\n', false],
    ['HTTP/1.0 200 OK\r\nconnection: keep-alive\r\n', false],
  ])('decides on reuse for %j', (lines, keepAlive) => {
    const parser = new ResponseParser(LIMIT)
    const input = Buffer.from(`${lines}content-length: 0\r\n\r\n`)
    parser.push(input, input.length)
    expect(parser.head?.keepAlive).toBe(keepAlive)
  })

  it('starts again after reset', () => {
    const parser = new ResponseParser(LIMIT)
    for (const answer of [ANSWERS['chunks'], ANSWERS['a fixed length'], ANSWERS['chunks and trailers']]) {
      const input = Buffer.from(answer ?? '')
      parser.reset()
      parser.push(input, input.length)
      expect(parser.complete).toBe(true)
      expect(parser.surplus).toBe(false)
    }
  })

  it('limits the head, interim answers included, at its exact size', () => {
    const head = (size: number): string => {
      const start = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\nx: '
      return `${start}${'v'.repeat(size - start.length - 4)}\r\n\r\n`
    }
    expect(parse([head(LIMIT)]).end).toBe('complete')
    expect(parse([...head(LIMIT)]).end).toBe('complete')
    expect(parse([head(LIMIT + 1)]).end).toBe('refused')
    expect(parse([...head(LIMIT + 1)]).end).toBe('refused')
    expect(parse([`HTTP/1.1 100 Continue\r\n\r\n${head(LIMIT)}`]).end).toBe('refused')
    expect(parse(['HTTP/1.1 100 Continue\r\n\r\n'.repeat(60)]).end).toBe('refused')
  })

  it('limits trailers and chunk extensions', () => {
    const trailer = (size: number): string => `${CHUNKED}0\r\nx: ${'v'.repeat(size - 7)}\r\n\r\n`
    expect(parse([trailer(LIMIT)]).end).toBe('complete')
    expect(parse([trailer(LIMIT + 1)]).end).toBe('refused')
    expect(parse([`${CHUNKED}1;${'e'.repeat(1024)}\r\na\r\n0\r\n\r\n`]).end).toBe('complete')
    expect(parse([`${CHUNKED}1;${'e'.repeat(1025)}\r\na\r\n0\r\n\r\n`]).end).toBe('refused')
  })
})

describe('ResponseParser refuses', () => {
  const ok = 'HTTP/1.1 200 OK\r\n'
  it.each([
    'HTTP/2.0 200 OK\r\n\r\n',
    'HTTP/1.2 200 OK\r\n\r\n',
    'http/1.1 200 OK\r\n\r\n',
    'ICY 200 OK\r\n\r\n',
    '\r\nHTTP/1.1 200 OK\r\n\r\n',
    ' HTTP/1.1 200 OK\r\n\r\n',
    'HTTP/1.1  200 OK\r\n\r\n',
    'HTTP/1.1 20 OK\r\n\r\n',
    'HTTP/1.1 2000 OK\r\n\r\n',
    'HTTP/1.1 099 OK\r\n\r\n',
    'HTTP/1.1 2x0 OK\r\n\r\n',
    'HTTP/1.1\r\n\r\n',
    'HTTP/1.1 200 O\0K\r\n\r\n',
    'HTTP/1.1 101 Switching Protocols\r\n\r\n',
    'HTTP/1.1 200 OK\n\n',
    `${ok}a: b\n\r\n`,
    `${ok}a: b\rc: d\r\n\r\n`,
    `${ok}a: b\r\n folded\r\n\r\n`,
    `${ok}a: b\r\n\tfolded\r\n\r\n`,
    `${ok}a : b\r\n\r\n`,
    `${ok} a: b\r\n\r\n`,
    `${ok}: b\r\n\r\n`,
    `${ok}no colon\r\n\r\n`,
    `${ok}a\x80: b\r\n\r\n`,
    `${ok}a: \0\r\n\r\n`,
    `${ok}a: \x1b\r\n\r\n`,
    `${ok}content-length: 5\r\ncontent-length: 6\r\n\r\n`,
    `${ok}content-length: 5, 5\r\n\r\n`,
    `${ok}content-length: +5\r\n\r\n`,
    `${ok}content-length: -5\r\n\r\n`,
    `${ok}content-length: 0x5\r\n\r\n`,
    `${ok}content-length: 5 5\r\n\r\n`,
    `${ok}content-length:\r\n\r\n`,
    `${ok}content-length: ${'9'.repeat(16)}\r\n\r\n`,
    `${ok}transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n`,
    `${ok}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n`,
    `${ok}transfer-encoding: gzip, chunked\r\n\r\n`,
    `${ok}transfer-encoding: chunked, identity\r\n\r\n`,
    `${ok}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n`,
    `${ok}transfer-encoding: xchunked\r\n\r\n`,
    `${ok}transfer-encoding: "chunked"\r\n\r\n`,
    `${ok}transfer-encoding:\r\n\r\n`,
    'HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n',
    ...[
      '\r\n',
      ' 5\r\n',
      '5 \r\n',
      '-1\r\n',
      '+1\r\n',
      '0x1\r\n',
      'g\r\n',
      '5\n',
      '5\rx',
      ';a\r\n',
      '5;a\nb\r\n',
      '5;\0\r\n',
    ].map((line) => `${CHUNKED}${line}`),
    `${CHUNKED}${'0'.repeat(14)}\r\n`,
    `${CHUNKED}${'f'.repeat(14)}\r\n`,
    `${CHUNKED}1\r\nab\r\n`,
    `${CHUNKED}1\r\na\n`,
    `${CHUNKED}1\r\na\rX`,
    `${CHUNKED}0\r\n\n`,
    `${CHUNKED}0\r\n\rX`,
    `${CHUNKED}0\r\na: b\n\r\n`,
    `${CHUNKED}0\r\na: b\r\r\n`,
  ])('%j', (answer) => {
    expect(parse([answer]).end).toBe('refused')
    expect(parse([...answer]).end).toBe('refused')
  })
})
