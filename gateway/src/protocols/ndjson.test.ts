import { describe, expect, it } from 'vitest'
import { NdjsonParser } from './ndjson.ts'
import { maxSseBytes } from './sse.ts'

function parse(...chunks: readonly (string | Buffer)[]): string[] {
  const parser = new NdjsonParser()
  const events = chunks.flatMap((chunk) => parser.push(Buffer.from(chunk)))
  return [...events, ...parser.end()].map(({ event, data }) => {
    expect(event).toBeNull()
    return data
  })
}

describe('NdjsonParser', () => {
  it.each([
    ['lines', '{"a":1}\n{"b":2}\n', ['{"a":1}', '{"b":2}']],
    ['CRLF and empty lines', '\r\n{"a":1}\r\n\n \n{"b":2}\r\n', ['{"a":1}', '{"b":2}']],
    ['no line feed at the end', '{"a":1}\n{"b":2}', ['{"a":1}', '{"b":2}']],
    ['nothing', '', []],
  ])('reads %s', (_, text, expected) => {
    expect(parse(text)).toEqual(expected)
  })

  it('gives the same lines for every split into three', () => {
    const bytes = Buffer.from('{"a":"é世👋"}\r\n\n{"b":2}\n{"c":3}')
    const expected = ['{"a":"é世👋"}', '{"b":2}', '{"c":3}']
    for (let first = 0; first <= bytes.length; first++) {
      for (let second = first; second <= bytes.length; second++) {
        const chunks = [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)]
        expect(parse(...chunks)).toEqual(expected)
      }
    }
  })

  it('does not keep references to the chunks it was given', () => {
    const parser = new NdjsonParser()
    const chunk = Buffer.from('{"a"')
    parser.push(chunk)
    chunk.fill(0)
    expect(parser.push(Buffer.from(':1}\n'))).toEqual([{ event: null, data: '{"a":1}' }])
  })

  it('gives the lines before one that is too long, then refuses', () => {
    const parser = new NdjsonParser()
    const long = Buffer.alloc(maxSseBytes + 1, 'x')
    expect(parser.push(Buffer.concat([Buffer.from('{"a":1}\n'), long]))).toHaveLength(1)
    expect(() => parser.push(Buffer.from('x'))).toThrow(/exceeds/)
    expect(() => parser.end()).toThrow(/exceeds/)
  })
})
