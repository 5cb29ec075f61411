import { describe, expect, it } from 'vitest'
import { encodeEvent, encodeEventMessage, encodeException } from './aws-event-stream.fixture.ts'
import { AwsEventStreamParser } from './aws-event-stream.ts'
import type { FramedEvent } from './stream-parser.ts'

function parse(...chunks: readonly Buffer[]): FramedEvent[] {
  const parser = new AwsEventStreamParser()
  const events = chunks.flatMap((chunk) => parser.push(chunk))
  return [...events, ...parser.end()]
}

const stream = Buffer.concat([
  encodeEvent('messageStart', { role: 'assistant' }),
  encodeEventMessage({}, undefined),
  encodeEvent('contentBlockDelta', { delta: { text: 'é世👋' } }),
  encodeException('throttlingException', 'Too many'),
])
const events = [
  { event: 'messageStart', data: '{"role":"assistant"}' },
  { event: null, data: '' },
  { event: 'contentBlockDelta', data: '{"delta":{"text":"é世👋"}}' },
  { event: 'throttlingException', data: '{"message":"Too many"}' },
]

describe('AwsEventStreamParser', () => {
  it('reads events and exceptions', () => {
    expect(parse(stream)).toEqual(events)
  })

  // The messages of the encoding's own test suite (AWS, "vnd.amazon.eventstream" examples).
  it.each([
    ['no headers and no payload', '000000100000000005c248eb7d98c8ff', { event: null, data: '' }],
    [
      'a payload',
      '0000001d00000000fd528c5a7b27666f6f273a27626172277dc3653936',
      { event: null, data: "{'foo':'bar'}" },
    ],
    [
      'a header of a number',
      '0000002d0000001041c424b80a6576656e742d74797065040000a00c7b27666f6f273a27626172277d36f480a0',
      { event: null, data: "{'foo':'bar'}" },
    ],
  ])('reads AWS’s example with %s', (_, hex, expected) => {
    expect(parse(Buffer.from(hex, 'hex'))).toEqual([expected])
  })

  it('reads an error that is no modelled exception', () => {
    const headers = { ':message-type': 'error', ':error-code': 'InternalError', ':error-message': 'Oops' }
    expect(parse(encodeEventMessage(headers, undefined))).toEqual([
      { event: 'InternalError', data: '{"message":"Oops"}' },
    ])
  })

  it('gives the same events for every split into two, and byte by byte', () => {
    for (let cut = 0; cut <= stream.length; cut++) {
      expect(parse(stream.subarray(0, cut), stream.subarray(cut))).toEqual(events)
    }
    expect(parse(...Array.from(stream, (byte) => Buffer.from([byte])))).toEqual(events)
  })

  it('does not keep references to the chunks it was given', () => {
    for (const cut of [5, 40]) {
      const parser = new AwsEventStreamParser()
      const chunk = Buffer.from(stream.subarray(0, cut))
      parser.push(chunk)
      chunk.fill(0)
      expect(parser.push(stream.subarray(cut))).toEqual(events)
    }
  })

  it('finds every flipped bit, and gives the events before it', () => {
    const intact = encodeEvent('metadata', { usage: {} })
    for (let at = 0; at < intact.length * 8; at++) {
      const damaged = Buffer.from(intact)
      damaged[at >> 3] = (damaged[at >> 3] ?? 0) ^ (1 << (at & 7))
      const parser = new AwsEventStreamParser()
      expect(parser.push(Buffer.concat([intact, damaged]))).toEqual([
        { event: 'metadata', data: '{"usage":{}}' },
      ])
      expect(() => parser.end()).toThrow(/checksum/)
      expect(() => parser.push(intact)).toThrow(/checksum/)
    }
  })

  it('refuses a stream that ends inside a message', () => {
    for (let length = 1; length < 50; length++) {
      const parser = new AwsEventStreamParser()
      parser.push(stream.subarray(0, length))
      expect(() => parser.end()).toThrow(/ended inside a message/)
    }
  })

  it('refuses a message that announces more than the limit before its bytes come', () => {
    const parser = new AwsEventStreamParser()
    // The prelude of a message of 16 MiB, with the right checksum.
    expect(parser.push(Buffer.from('0100000000000000a988dff7', 'hex'))).toEqual([])
    expect(() => parser.end()).toThrow(/exceeds/)
  })
})
