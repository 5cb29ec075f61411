import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../deployments/for-test.ts'
import { decodeError, findFailure } from '../../providers/anthropic/decode-error.ts'
import { decodeUsage } from '../../providers/anthropic/decode-usage.ts'
import { MessagesPassthroughStream } from './passthrough-stream.ts'

const requestedModel = 'Modell “é”'
const event = (type: string, members: object = {}): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...members })}\n\n`
const start = event('message_start', {
  message: {
    id: 'msg_1',
    type: 'message',
    model: 'up/claude',
    content: [],
    usage: { input_tokens: 12, output_tokens: 1, cache_read_input_tokens: 3 },
  },
})
const delta = (text: string): string =>
  event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } })
const finish = event('message_delta', {
  delta: { stop_reason: 'end_turn' },
  usage: { input_tokens: null, output_tokens: 9 },
})
const stop = event('message_stop')
const blockStart = event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } })
const blockStop = event('content_block_stop', { index: 0 })
const whole = start + event('ping') + blockStart + delta('Grüße “x”') + blockStop + finish + stop

interface Outcome {
  readonly text: string
  readonly failure: string | null
  readonly usage: readonly [number, number, number] | null
}

function open(maxEventBytes = 1_048_576): MessagesPassthroughStream {
  return new MessagesPassthroughStream({
    requestedModel,
    maxEventBytes,
    decodeUsage,
    decodeError: (body) => findFailure(JSON.parse(body)) ?? decodeError(200, {}, body),
  })
}

function relay(chunks: readonly Buffer[], stream = open()): Outcome {
  let latin1 = ''
  for (const chunk of chunks) latin1 += stream.push(chunk) ?? ''
  latin1 += stream.end() ?? ''
  const { usage, failure } = stream
  return {
    text: Buffer.from(latin1, 'latin1').toString('utf8'),
    failure: failure?.kind ?? null,
    usage: usage === null ? null : [usage.inputTokens, usage.outputTokens, usage.cacheReadTokens],
  }
}

const relayText = (text: string): Outcome => relay([Buffer.from(text)])
const stamped = (text: string): string => text.replace('"model":"up/claude"', `"model":"${requestedModel}"`)

describe('a Messages stream for a Messages client', () => {
  it('goes through byte for byte, but for the model', () => {
    expect(relayText(whole)).toEqual({ text: stamped(whole), failure: null, usage: [15, 9, 3] })
  })

  it('keeps events, members and comments it does not know', () => {
    const unknown = `event: vendor_notice\ndata: {"type":"vendor_notice",  "x": 1}\n\n: comment\n\nevent: content_block_delta\r\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"vendor_delta"}}\r\n\r\n`
    const text = start + blockStart + unknown + blockStop + finish + stop
    expect(relayText(text).text).toBe(stamped(text))
  })

  it.each(['text', 'parallel-tools', 'reasoning', 'refusal', 'json-schema', 'cached', 'unknown'])(
    'is the same however the bytes are split: %s',
    (name) => {
      const path = new URL(`../../providers/anthropic/fixtures/${name}.sse`, import.meta.url)
      const bytes = readFileSync(path)
      const expected = relay([bytes])
      expect(expected.failure).toBeNull()
      expect(expected.text).toContain(`"model":"${requestedModel}"`)
      expect(relay(Array.from(bytes, (byte) => Buffer.from([byte])))).toEqual(expected)
      for (let cut = 1; cut < bytes.length; cut += 1)
        expect(relay([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(expected)
    },
  )

  it('is the same in random pieces', () => {
    const random = seededRandom(3)
    const bytes = Buffer.from(
      start + blockStart + delta('"message_stop"') + delta('"error"').repeat(50) + blockStop + finish + stop,
    )
    const expected = relay([bytes])
    expect(expected).toMatchObject({ failure: null, usage: [15, 9, 3] })
    for (let round = 0; round < 200; round += 1) {
      const chunks: Buffer[] = []
      for (let at = 0; at < bytes.length; ) {
        const end = at + 1 + Math.floor(random() * 200)
        chunks.push(bytes.subarray(at, end))
        at = end
      }
      expect(relay(chunks)).toEqual(expected)
    }
  })

  it('is not decided by what comes before the message', () => {
    const stream = open()
    expect(stream.push(Buffer.from(`: hello\n\n${event('ping')}`))).toBeNull()
    expect(stream.push(Buffer.from(start))).toContain('message_start')
  })

  it('says nothing after its end', () => {
    expect(relayText(whole + delta('late') + stop).text).toBe(stamped(whole))
  })

  it('is complete without its last event, and without its last blank line', () => {
    const unended = start + blockStart + delta('x') + blockStop + finish
    expect(relayText(unended)).toMatchObject({ text: stamped(unended + stop), failure: null })
    expect(relayText(whole.trimEnd())).toMatchObject({ text: stamped(whole), failure: null })
  })

  it.each([
    ['', 'an empty stream'],
    [start + delta('x'), 'a stream that broke off'],
    [`${start}event: content_block_delta\ndata: {"type":"content_bl`, 'a stream that broke off'],
    ['event: message_start\ndata: <html>\n\n', 'an event that is not JSON'],
  ])('%j fails as %s', (text, message) => {
    const stream = open()
    relay([Buffer.from(text)], stream)
    expect(stream.failure).toMatchObject({ kind: 'server_error', message: expect.stringContaining(message) })
  })

  it('fails as the error it reports, first or later, and shows nothing of it', () => {
    const error = event('error', { error: { type: 'overloaded_error', message: 'Busy.' } })
    expect(relayText(error)).toMatchObject({ text: '', failure: 'unavailable' })
    expect(relayText(start + delta('a') + error + delta('b'))).toMatchObject({
      text: stamped(start + delta('a')),
      failure: 'unavailable',
    })
  })

  it('may not have events without end', () => {
    const stream = open(100)
    expect(stream.push(Buffer.from('x'.repeat(101)))).toBeNull()
    expect(stream.failure?.message).toContain('more than 100 bytes')
  })

  it('that breaks off counts what was seen of it', () => {
    const stream = open()
    stream.push(Buffer.from(start))
    for (let index = 0; index < 50; index += 1)
      stream.push(Buffer.from(delta('ten words of text and more of it for the count')))
    expect(stream.usage).toMatchObject({ inputTokens: 15, cacheReadTokens: 3 })
    expect(stream.usage?.outputTokens).toBeGreaterThan(400)
    expect(stream.usage?.outputTokens).toBeLessThan(1000)
  })

  it('keeps a model it cannot find', () => {
    const anonymous = start.replace('"model":"up/claude",', '')
    expect(relayText(whole.replace(start, anonymous)).text).toBe(whole.replace(start, anonymous))
  })
})
