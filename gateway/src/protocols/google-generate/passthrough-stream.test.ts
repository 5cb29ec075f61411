import { describe, expect, it } from 'vitest'
import { decodeError, findFailure } from '../../providers/gemini/decode-error.ts'
import { decodeUsage } from '../../providers/gemini/decode-usage.ts'
import { readPassthroughReply } from './passthrough-reply.ts'
import { GeneratePassthroughStream } from './passthrough-stream.ts'

const options = {
  maxEventBytes: 4096,
  decodeUsage,
  decodeError: (text: string) => findFailure(JSON.parse(text)) ?? decodeError(200, {}, text),
}
const piece = (text: string, members: object = {}, top: object = {}) => ({
  candidates: [{ content: { parts: [{ text }], role: 'model' }, index: 0, ...members }],
  usageMetadata: { promptTokenCount: 5 },
  modelVersion: 'gemini',
  ...top,
})
const last = piece(
  '',
  { finishReason: 'STOP' },
  { usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 9 } },
)
const pieces = [
  piece('Grüße '),
  piece('“x” "error" "finishReason":'),
  piece('y', {}, { new_member: { ü: 1 } }),
  last,
]
const frame = (values: readonly object[]): string =>
  values.map((value) => `data: ${JSON.stringify(value)}\r\n\r\n`).join('')

function relay(chunks: readonly Buffer[], framing: 'sse' | 'array' = 'sse') {
  const stream = new GeneratePassthroughStream(options, framing)
  let latin1 = ''
  for (const chunk of chunks) latin1 += stream.push(chunk) ?? ''
  latin1 += stream.end() ?? ''
  return {
    text: Buffer.from(latin1, 'latin1').toString('utf8'),
    failure: stream.failure?.kind ?? null,
    usage: stream.usage,
    estimate: stream.estimatedOutputTokens,
  }
}
const relayText = (text: string, framing?: 'sse' | 'array') => relay([Buffer.from(text)], framing)

describe('a stream of generateContent on its way through', () => {
  it('is the provider’s, byte for byte, and its usage is read', () => {
    const { text, failure, usage, estimate } = relayText(frame(pieces))
    expect(text).toBe(frame(pieces))
    expect(failure).toBeNull()
    expect(usage).toMatchObject({ inputTokens: 5, outputTokens: 9 })
    expect(estimate).toBe(4)
  })

  it.each(['sse', 'array'] as const)('is the same however the bytes are split, as %s', (framing) => {
    const bytes = Buffer.from(frame(pieces))
    const expected = relay([bytes], framing)
    expect(
      relay(
        Array.from(bytes, (byte) => Buffer.from([byte])),
        framing,
      ),
    ).toEqual(expected)
    for (let cut = 1; cut < bytes.length; cut += 1)
      expect(relay([bytes.subarray(0, cut), bytes.subarray(cut)], framing)).toEqual(expected)
  })

  it('is one JSON array of the same pieces without alt=sse', () => {
    expect(JSON.parse(relayText(frame(pieces), 'array').text)).toEqual(pieces)
  })

  it.each(['\n\n', '\r\n\r\n', '\r\r'])('may end its events with %j', (end) => {
    const text = frame(pieces).replaceAll('\r\n\r\n', end)
    expect(relayText(text)).toMatchObject({ text, failure: null })
  })

  it('is complete without the last blank line', () => {
    const text = frame(pieces)
    expect(relayText(text.trimEnd())).toMatchObject({ text, failure: null })
  })

  it('is complete with a blocked prompt, which is the client’s to read', () => {
    const text = frame([{ promptFeedback: { blockReason: 'SAFETY' } }])
    expect(relayText(text)).toMatchObject({ text, failure: null })
  })

  it('fails when it breaks off, is empty, or is no stream of this kind', () => {
    expect(relayText(frame(pieces.slice(0, 2)))).toMatchObject({ failure: 'server_error' })
    expect(relayText('')).toMatchObject({ text: '', failure: 'server_error' })
    expect(relayText('data: <html>\n\n')).toMatchObject({ text: '', failure: 'server_error' })
    expect(relayText(`data: {"x":"${'y'.repeat(5000)}`)).toMatchObject({ failure: 'server_error' })
  })

  it('reports an error of the provider and shows what came before', () => {
    const error = { error: { code: 503, message: 'Überlastet', status: 'UNAVAILABLE' } }
    expect(relayText(frame([piece('x'), error, piece('y')]))).toMatchObject({
      text: frame([piece('x')]),
      failure: 'unavailable',
    })
    expect(relayText(frame([error]))).toMatchObject({ text: '', failure: 'unavailable' })
  })
})

describe('a whole answer on its way through', () => {
  const read = (body: string) => readPassthroughReply(Buffer.from(body), options)

  it('is the provider’s, byte for byte, and its usage is read', () => {
    const body = JSON.stringify(last, null, 2)
    expect(read(body)).toMatchObject({ body: Buffer.from(body), usage: { outputTokens: 9 } })
    expect(read('{"candidates":[]}')).toMatchObject({ usage: null })
  })

  it.each(['', '<html>', '[1]'])('is none: %j', (body) => {
    expect(read(body)).toMatchObject({ kind: 'server_error' })
  })

  it('may be an error in spite of its status', () => {
    expect(read('{"error":{"code":429,"message":"Slow down"}}')).toMatchObject({ kind: 'rate_limit' })
  })
})
