import { describe, expect, it } from 'vitest'
import { maxSseBytes, SseParser } from './sse.ts'
import type { FramedEvent } from './stream-parser.ts'

function parse(...chunks: readonly (string | Buffer)[]): FramedEvent[] {
  const parser = new SseParser()
  const events = chunks.flatMap((chunk) => parser.push(Buffer.from(chunk)))
  return [...events, ...parser.end()]
}

const data = (text: string, event: string | null = null): FramedEvent => ({ event, data: text })

describe('SseParser', () => {
  it.each([
    ['one event', 'data: a\n\n', [data('a')]],
    ['no space after the colon', 'data:a\n\n', [data('a')]],
    ['only one space is removed', 'data:  a\n\n', [data(' a')]],
    ['several data lines', 'data: a\ndata:\ndata: b\n\n', [data('a\n\nb')]],
    ['an event name', 'event: x\ndata: a\n\ndata: b\n\n', [data('a', 'x'), data('b')]],
    ['carriage returns', 'data: a\r\rdata: b\r\r', [data('a'), data('b')]],
    ['CRLF', 'data: a\r\ndata: b\r\n\r\n', [data('a\nb')]],
    ['mixed line ends', 'data: a\n\r\ndata: b\r\n\n', [data('a'), data('b')]],
    ['comments', ': hi\n\n:\ndata: a\n: more\n\n', [data('a')]],
    ['a byte order mark', '\ufeffdata: a\n\n', [data('a')]],
    ['a field without a colon', 'data\n\n', [data('')]],
    ['other fields', 'id: 1\nretry: 5\ndatab: x\nevents: y\ndata: a\n\n', [data('a')]],
    ['an event without data', 'event: x\n\ndata: a\n\n', [data('a')]],
    ['no blank line at the end', 'data: a\n\ndata: b', [data('a'), data('b')]],
    ['colons in the data', 'data: {"a":"b: c"}\n\n', [data('{"a":"b: c"}')]],
    ['nothing', '', []],
  ])('reads %s', (_, text, expected) => {
    expect(parse(text)).toEqual(expected)
  })

  it('gives the same events for every split into three', () => {
    const bytes = Buffer.from('\ufeff: c\r\nevent: e\rdata: é世👋\r\n\r\ndata:x\rdata:y\n\n\rdata: end\n\n')
    const expected = parse(bytes)
    expect(expected).toEqual([data('é世👋', 'e'), data('x\ny'), data('end')])
    for (let first = 0; first <= bytes.length; first++) {
      for (let second = first; second <= bytes.length; second++) {
        const chunks = [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)]
        expect(parse(...chunks)).toEqual(expected)
      }
    }
  })

  it('does not keep references to the chunks it was given', () => {
    const parser = new SseParser()
    const chunk = Buffer.from('data: abc')
    parser.push(chunk)
    chunk.fill(0)
    expect(parser.push(Buffer.from('\n\n'))).toEqual([data('abc')])
  })

  it('takes a line at the limit and refuses a longer one, however it is split', () => {
    const line = `data: ${'x'.repeat(maxSseBytes - 6)}`
    expect(parse(`${line}\n\n`)[0]?.data).toHaveLength(maxSseBytes - 6)
    expect(() => parse('data: before\n\n', `${line}x\n\n`)).toThrow(/exceeds/)
    expect(() => parse(line, 'x', '\n\n')).toThrow(/exceeds/)
  })

  it('still gives the events before a line that is too long', () => {
    const parser = new SseParser()
    const tooLong = `data: ${'x'.repeat(maxSseBytes)}\n\n`
    expect(parser.push(Buffer.from(`data: a\n\n${tooLong}`))).toEqual([data('a')])
    expect(() => parser.push(Buffer.from('data: b\n\n'))).toThrow(
      expect.objectContaining({ code: 'upstream_response_too_large' }),
    )
  })

  it('refuses an endless event of short lines', () => {
    const parser = new SseParser()
    const megabyte = Buffer.from(`data: ${'x'.repeat(1024 * 1024)}\n`)
    expect(() => {
      for (let count = 0; count < 10; count++) parser.push(megabyte)
    }).toThrow(/exceeds/)
  })
})
