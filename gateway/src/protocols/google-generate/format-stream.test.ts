import { describe, expect, it } from 'vitest'
import { carrierOf } from '../../conversation/for-test.ts'
import { replayReply } from '../../conversation/replay-reply.ts'
import type { ConversationReply, ReplyPart } from '../../conversation/reply.ts'
import type { ReplyEvent } from '../../conversation/stream-event.ts'
import { joinThoughtCallId } from '../../conversation/thought-call-id.ts'
import { zeroUsage } from '../../conversation/usage.ts'
import { formatGenerateReply } from './format-reply.ts'
import { GenerateStreamFormatter } from './format-stream.ts'
import { ArrayFraming, eventFraming, type PieceFraming } from './piece-framing.ts'

type Json = Readonly<Record<string, unknown>>

const head = { id: 'r1', created: 5, model: 'group' }
const options = { operation: 'chat', includesUsage: true, body: {}, carrier: carrierOf('google') } as const
const replyOf = (
  parts: readonly ReplyPart[],
  members: Partial<ConversationReply> = {},
): ConversationReply => ({
  id: null,
  model: null,
  created: null,
  choices: [{ index: 0, parts, finish: { reason: 'stop', providerReason: null, stopSequence: null } }],
  usage: { ...zeroUsage, inputTokens: 5, outputTokens: 7, reasoningTokens: 3, cacheReadTokens: 2 },
  extra: null,
  ...members,
})

function write(events: readonly ReplyEvent[], framing: PieceFraming = eventFraming): string {
  const formatter = new GenerateStreamFormatter(head, options, framing)
  return events.map((event) => formatter.format(event)).join('') + formatter.end()
}

const readEvents = (text: string): Json[] =>
  text
    .split('\r\n\r\n')
    .slice(0, -1)
    .map((event) => JSON.parse(event.replace(/^data: /, '')) as Json)

const partsOf = (pieces: readonly Json[]): unknown[] =>
  pieces.flatMap((piece) =>
    (piece['candidates'] as { content: { parts: unknown[] } }[]).flatMap(({ content }) => content.parts),
  )

const call = { type: 'tool-call', name: 'f', kind: 'function' } as const
const everything: readonly ReplyPart[] = [
  { type: 'reasoning', text: 'hm', signature: 'c2ln', redacted: null },
  { type: 'text', text: 'Grüße “x”' },
  { ...call, id: joinThoughtCallId('call_a', 'c2ln'), arguments: '{"a":1}' },
  { ...call, id: 'call_b', arguments: '' },
  { ...call, id: 'call_c', arguments: 'not json' },
  { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'QUJD' } },
  { type: 'opaque', dialect: 'google-generate', value: { executableCode: { code: '1' } } },
  { type: 'opaque', dialect: 'anthropic-messages', value: { type: 'server_tool_use' } },
]

describe('an answer as generateContent', () => {
  it('has every part in its place', () => {
    expect(formatGenerateReply(replyOf(everything), head, options)).toEqual({
      candidates: [
        {
          content: {
            role: 'model',
            parts: [
              { text: 'hm', thought: true, thoughtSignature: 'c2ln' },
              { text: 'Grüße “x”' },
              { functionCall: { id: 'call_a', name: 'f', args: { a: 1 } }, thoughtSignature: 'c2ln' },
              { functionCall: { id: 'call_b', name: 'f', args: {} } },
              { functionCall: { id: 'call_c', name: 'f', args: { _raw: 'not json' } } },
              { inlineData: { mimeType: 'image/png', data: 'QUJD' } },
              { executableCode: { code: '1' } },
            ],
          },
          finishReason: 'STOP',
          index: 0,
        },
      ],
      usageMetadata: {
        promptTokenCount: 5,
        candidatesTokenCount: 4,
        totalTokenCount: 12,
        cachedContentTokenCount: 2,
        thoughtsTokenCount: 3,
      },
      modelVersion: 'group',
      responseId: 'r1',
    })
  })

  it('has the same parts as a stream, and says the end once', () => {
    const pieces = readEvents(write(replayReply(replyOf(everything))))
    expect(partsOf(pieces).filter((part) => JSON.stringify(part) !== '{"text":""}')).toEqual([
      { text: 'hm', thought: true },
      { text: '', thought: true, thoughtSignature: 'c2ln' },
      ...partsOf([formatGenerateReply(replyOf(everything.slice(1)), head, options)]),
    ])
    const ends = pieces.filter((piece) => JSON.stringify(piece).includes('finishReason'))
    expect(ends).toEqual([pieces.at(-1)])
    expect(pieces.at(-1)).toMatchObject({ usageMetadata: { totalTokenCount: 12 }, responseId: 'r1' })
  })

  it('is one JSON array without alt=sse', () => {
    const events = replayReply(replyOf(everything))
    expect(JSON.parse(write(events, new ArrayFraming()))).toEqual(readEvents(write(events)))
    expect(JSON.parse(new ArrayFraming().end())).toEqual([])
  })

  it.each([
    ['length', 'MAX_TOKENS'],
    ['content-filter', 'SAFETY'],
    ['tool-calls', 'STOP'],
    ['pause', 'STOP'],
  ] as const)('ends for %s with %s', (reason, word) => {
    const finish = { reason, providerReason: null, stopSequence: null }
    const reply = replyOf([], { choices: [{ index: 0, parts: [{ type: 'refusal', text: 'No.' }], finish }] })
    const candidates = [{ content: { parts: [{ text: 'No.' }] }, finishReason: word }]
    expect(formatGenerateReply(reply, head, options)).toMatchObject({ candidates })
    expect(readEvents(write(replayReply(reply))).at(-1)).toMatchObject({
      candidates: [{ finishReason: word }],
    })
  })

  it('has its sources as grounding', () => {
    const citation = { url: 'https://e.org', title: 'E', citedText: 'x', native: {} }
    const reply = replyOf([{ type: 'text', text: 'x', citations: [citation, { ...citation, url: null }] }])
    const groundingMetadata = {
      groundingChunks: [{ web: { uri: 'https://e.org', title: 'E' } }],
      groundingSupports: [{ segment: { text: 'x' }, groundingChunkIndices: [0] }],
    }
    expect(formatGenerateReply(reply, head, options)).toMatchObject({ candidates: [{ groundingMetadata }] })
    expect(readEvents(write(replayReply(reply))).at(-1)).toMatchObject({
      candidates: [{ groundingMetadata }],
    })
  })

  it('seals what another provider signed, in base64', () => {
    const carrier = carrierOf('anthropic')
    const parts = [{ type: 'reasoning', text: '', signature: null, redacted: 'ZGF0YQ==' }] as const
    const [part] = partsOf([formatGenerateReply(replyOf(parts), head, { ...options, carrier })])
    const { thoughtSignature } = part as { thoughtSignature: string }
    expect(Buffer.from(thoughtSignature, 'base64').toString()).toMatch(/^riq1\./)
    expect(Buffer.from(thoughtSignature, 'base64').toString('base64')).toBe(thoughtSignature)
  })

  it('of nothing is an empty candidate', () => {
    expect(readEvents(write([]))).toMatchObject([{ candidates: [{ finishReason: 'STOP', index: 0 }] }])
  })
})
