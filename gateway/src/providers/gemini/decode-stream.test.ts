import { describe, expect, it } from 'vitest'
import { collectReply } from '../../conversation/collect-reply.ts'
import type { ReplyEvent, StreamEvent } from '../../conversation/stream-event.ts'
import { splitThoughtCallId } from '../../conversation/thought-call-id.ts'
import { plainReplyContext } from '../reply-context.ts'
import { geminiWire } from './gemini.ts'

type Json = Record<string, unknown>

const piece = (parts: Json[], members: Json = {}, top: Json = {}) => ({
  candidates: [{ content: { parts, role: 'model' }, index: 0, ...members }],
  responseId: 'r1',
  modelVersion: 'gemini-3-pro',
  ...top,
})

function decode(pieces: readonly Json[]): StreamEvent[] {
  const decoder = geminiWire.createStreamDecoder(plainReplyContext)
  const decoded = pieces.flatMap((event) => decoder.push({ event: null, data: JSON.stringify(event) }))
  return [...decoded, ...decoder.end()]
}

const collect = (pieces: readonly Json[]) => collectReply(decode(pieces) as ReplyEvent[])
const stop = { finishReason: 'STOP' }
const call = (args: Json, members: Json = {}) => ({ functionCall: { name: 'f', args }, ...members })

describe('the stream of generateContent', () => {
  it('mints ids for parallel calls of one name that no other answer has', () => {
    const calls = (responseId: string) =>
      collect([
        piece([call({ a: 1 }), call({ a: 2 })], {}, { responseId }),
        piece([call({})], stop),
      ]).choices[0]?.parts.flatMap((part) => (part.type === 'tool-call' ? part : []))
    expect(calls('r1')).toMatchObject([{ arguments: '{"a":1}' }, { arguments: '{"a":2}' }, { arguments: '' }])
    const other = calls('')
    expect(other?.[0]?.id).not.toBe(other?.[1]?.id)
    expect(other?.[0]?.id).toMatch(/^call_[0-9a-f]{24}_0_0$/)
    const ids = [...(calls('r1') ?? []), ...(calls('r2') ?? [])].map(({ id }) => id)
    expect(new Set(ids).size).toBe(6)
  })

  it('lets the id of a call carry its signature', () => {
    const reply = collect([piece([call({}, { thoughtSignature: 'c2ln+/==' }), call({})], stop)])
    const ids = reply.choices[0]?.parts.map((part) => (part.type === 'tool-call' ? part.id : ''))
    expect(ids?.map((id) => splitThoughtCallId(id).signature)).toEqual(['c2ln+/==', null])
  })

  it('ends in calls whatever the finish is called', () => {
    expect(collect([piece([call({})], stop)]).choices[0]?.finish?.reason).toBe('tool-calls')
    expect(collect([piece([call({})], { finishReason: 'MAX_TOKENS' })]).choices[0]?.finish?.reason).toBe(
      'length',
    )
  })

  it('keeps the order of thinking, text, images and code', () => {
    const code = { executableCode: { language: 'PYTHON', code: '1' } }
    const image = { inlineData: { mimeType: 'image/png', data: 'QUJD' } }
    const reply = collect([
      piece([{ text: 'hm', thought: true }, { text: 'a' }]),
      piece([image, code, { text: 'b' }], stop),
    ])
    expect(reply.choices[0]?.parts.map((part) => part.type)).toEqual([
      'reasoning',
      'text',
      'image',
      'opaque',
      'text',
    ])
  })

  it('replaces usage, adds thinking to the output, and counts searches once', () => {
    const groundingMetadata = { webSearchQueries: ['a', 'b'] }
    const usageMetadata = { promptTokenCount: 5, candidatesTokenCount: 3, thoughtsTokenCount: 4 }
    const early = { usageMetadata: { promptTokenCount: 5 } }
    const reply = collect([
      piece([{ text: 'x' }], { groundingMetadata }, early),
      piece([{ text: '' }], { ...stop, groundingMetadata }, { usageMetadata }),
    ])
    expect(reply.usage).toMatchObject({ inputTokens: 5, outputTokens: 7, reasoningTokens: 4, searchCalls: 2 })
  })

  it('cites its sources', () => {
    const groundingMetadata = {
      groundingChunks: [{ web: { uri: 'https://e.org', title: 'E' } }, { web: { uri: 'https://f.org' } }],
      groundingSupports: [
        { segment: { startIndex: 0, endIndex: 1, text: 'x' }, groundingChunkIndices: [1, 7] },
      ],
    }
    const reply = collect([piece([{ text: 'x' }], { ...stop, groundingMetadata })])
    expect(reply.choices[0]?.parts).toMatchObject([
      { type: 'text', text: 'x', citations: [{ url: 'https://f.org', title: null, citedText: 'x' }] },
    ])
    expect(reply.extra?.members['groundingMetadata']).toEqual(groundingMetadata)
  })

  it('cites a source once, however often it is repeated', () => {
    const groundingMetadata = { groundingChunks: [{ web: { uri: 'https://e.org' } }] }
    const reply = collect([
      piece([{ text: 'x' }], { groundingMetadata }),
      piece([{ text: 'y' }], { ...stop, groundingMetadata }),
    ])
    expect(reply.choices[0]?.parts).toMatchObject([{ text: 'xy', citations: [{ url: 'https://e.org' }] }])
  })

  it('keeps alternative answers apart', () => {
    const candidate = (index: number, text: string) => ({ content: { parts: [{ text }] }, index, ...stop })
    const reply = collect([{ candidates: [candidate(0, 'a'), candidate(1, 'b')] }])
    expect(reply.choices).toMatchObject([
      { index: 0, parts: [{ text: 'a' }], finish: { reason: 'stop' } },
      { index: 1, parts: [{ text: 'b' }] },
    ])
  })

  it('fails on a broken call before there is content, and ends after it', () => {
    const broken = { finishReason: 'MALFORMED_FUNCTION_CALL', finishMessage: 'Malformed call' }
    expect(decode([piece([], broken)])).toMatchObject([{ type: 'error', failure: { kind: 'server_error' } }])
    const reply = collect([piece([{ text: 'x' }]), piece([], broken)])
    expect(reply.choices[0]?.finish).toMatchObject({ reason: 'stop', providerReason: broken.finishReason })
    expect(reply.extra?.members['finishMessage']).toBe('Malformed call')
  })

  it('fails on a prompt that is blocked', () => {
    const events = decode([{ promptFeedback: { blockReason: 'SAFETY' }, responseId: 'r' }])
    expect(events).toMatchObject([{ type: 'error', failure: { kind: 'content_policy', status: 400 } }])
  })

  it('begins with the first content, so that an empty piece commits to nothing', () => {
    const decoder = geminiWire.createStreamDecoder(plainReplyContext)
    expect(decoder.push({ event: null, data: JSON.stringify(piece([{ text: '' }])) })).toEqual([])
    const events = decoder.push({ event: null, data: JSON.stringify(piece([{ text: 'x' }])) })
    expect(events.map((event) => event.type)).toEqual(['message-start', 'text-delta'])
  })

  it('is complete with an answer of nothing but counts', () => {
    const body = { usageMetadata: { promptTokenCount: 5, totalTokenCount: 9, thoughtsTokenCount: 4 } }
    const reply = geminiWire.decodeReply(body, plainReplyContext)
    expect(reply.choices).toMatchObject([{ parts: [], finish: { reason: 'stop' } }])
    expect(reply.usage).toMatchObject({ outputTokens: 4 })
  })
})
