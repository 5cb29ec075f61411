import { describe, expect, it } from 'vitest'
import type { Operation } from '../../conversation/operation.ts'
import { decodeUsage } from '../../providers/openai/decode-usage.ts'
import type { PassthroughOptions } from '../protocol.ts'
import { unreadableAnswer } from '../unreadable-answer.ts'
import { BinaryStream } from './binary-stream.ts'
import { readMediaReply } from './media-reply.ts'
import { MediaStream } from './media-stream.ts'
import { secondsOfSubtitles } from './media-terms.ts'
import { readRerankReply } from './rerank-reply.ts'

const options = (operation: Operation, body: object = {}): PassthroughOptions => ({
  operation,
  body: body as Record<string, unknown>,
  requestedModel: 'asked',
  includesUsage: false,
  maxEventBytes: 1000,
  decodeUsage,
  publicId: null,
  decodeError: (text) => ({ ...unreadableAnswer(''), message: text }),
})
const json = 'application/json'
const read = (operation: Operation, answer: object | string, type = json, body: object = {}) =>
  readMediaReply(
    Buffer.from(typeof answer === 'string' ? answer : JSON.stringify(answer)),
    options(operation, body),
    type,
  )

describe('a whole media answer', () => {
  it('keeps its bytes and bills image tokens', () => {
    const usage = {
      input_tokens: 50,
      input_tokens_details: { text_tokens: 10, image_tokens: 40 },
      output_tokens: 272,
      output_tokens_details: { image_tokens: 200, text_tokens: 72 },
    }
    const answer = { created: 1, data: [{ b64_json: 'x'.repeat(40_000) }], usage }
    const reply = read('image-generation', answer)
    expect(reply).toMatchObject({
      usage: { inputTokens: 50, outputTokens: 272 },
      terms: { imageInputTokens: 40, imageOutputTokens: 200 },
    })
    expect('body' in reply && reply.body.toString()).toBe(JSON.stringify(answer))
  })

  it('bills as many images as were asked for', () => {
    const body = { n: '2', size: '1024x1792' }
    expect(read('image-generation', { data: [] }, json, body)).toMatchObject({
      terms: { units: { outputImage: 2, outputPixel: 2 * 1024 * 1792 } },
    })
  })

  it.each([
    [{ text: 'x', usage: { type: 'duration', seconds: 7 } }, { units: { inputSecond: 7 } }],
    [{ text: 'x', duration: 8.25 }, { units: { inputSecond: 8.25 } }],
    [{ text: 'x', duration: '8.25' }, { units: { inputSecond: 8.25 } }],
    [{ text: 'x' }, undefined],
    [{ text: 'x', usage: { type: 'tokens', input_tokens: 5, output_tokens: 1 } }, undefined],
  ])('of a transcription %j bills %j', (answer, terms) => {
    const reply = read('transcription', answer)
    expect('terms' in reply ? reply.terms : undefined).toEqual(terms)
  })

  it('keeps other types than JSON, but not pages', () => {
    expect(read('transcription', 'WEBVTT\n\n00:01.000 --> 00:02.500\nHi', 'text/vtt')).toMatchObject({
      contentType: 'text/vtt',
      terms: { units: { inputSecond: 2.5 } },
    })
    expect(read('speech', 'bytes', 'application/octet-stream', { input: 'Grüße' })).toMatchObject({
      contentType: 'application/octet-stream',
      terms: { units: { inputCharacter: 5 } },
    })
    expect(read('transcription', '<html>', 'text/html')).toMatchObject({ kind: 'server_error' })
    expect(read('moderation', 'text', 'text/plain')).toMatchObject({ kind: 'server_error' })
  })

  it('is a failure when it carries an error', () => {
    expect(read('transcription', { error: { message: 'no' } })).toHaveProperty('kind')
  })
})

describe('secondsOfSubtitles', () => {
  it.each([
    ['1\n00:00:01,000 --> 01:02:03,500\nx', 3723.5],
    ['WEBVTT\n\n00:01.000 --> 02:03.250\nx', 123.25],
    ['he said --> there', null],
    ['no arrow', null],
    ['', null],
  ])('reads %j', (text, seconds) => {
    expect(secondsOfSubtitles(text)).toBe(seconds)
  })
})

const event = (data: object): string => `event: x\ndata: ${JSON.stringify(data)}\n\n`
const usage = {
  input_tokens: 20,
  input_token_details: { audio_tokens: 16 },
  output_tokens: 5,
  total_tokens: 25,
}

function relayed(stream: MediaStream, text: Buffer, cuts: readonly number[]): string {
  let out = ''
  let from = 0
  for (const cut of [...cuts, text.length]) {
    out += stream.push(text.subarray(from, cut)) ?? ''
    from = cut
  }
  return out + (stream.end() ?? '')
}

describe('a media stream', () => {
  const text = Buffer.from(
    `: ping\n\n${event({ type: 'transcript.text.delta', delta: 'Grüße “usage”' })}${event({ type: 'transcript.text.done', usage })}`,
  )

  it('is the same wherever it is cut', () => {
    for (let cut = 0; cut <= text.length; cut += 1) {
      const stream = new MediaStream(options('transcription'))
      expect(relayed(stream, text, [cut]), String(cut)).toBe(text.toString('latin1'))
      expect(stream.failure).toBeNull()
      expect(stream.usage).toMatchObject({ inputTokens: 20, audioInputTokens: 16, outputTokens: 5 })
    }
    const stream = new MediaStream(options('transcription'))
    expect(relayed(stream, text, [...text.keys()])).toBe(text.toString('latin1'))
  })

  it('may lack its last blank line, but not half of its last event', () => {
    const whole = new MediaStream(options('transcription'))
    expect(relayed(whole, text.subarray(0, -2), [])).toBe(text.toString('latin1'))
    const half = new MediaStream(options('transcription'))
    relayed(half, text.subarray(0, -20), [])
    expect(half.failure).toMatchObject({ message: expect.stringContaining('broke off') })
  })

  it('fails at an error event and lets nothing of it through', () => {
    const stream = new MediaStream(options('image-generation'))
    const out = relayed(stream, Buffer.from(event({ type: 'a' }) + event({ error: { message: 'no' } })), [])
    expect(out).toBe(event({ type: 'a' }))
    expect(stream.failure?.message).toContain('no')
  })

  it('refuses an event without end', () => {
    const stream = new MediaStream(options('image-generation'))
    expect(stream.push(Buffer.alloc(1001, 'x'))).toBeNull()
    expect(stream.failure).not.toBeNull()
  })
})

describe('a stream of bytes', () => {
  it('keeps every byte', () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index))
    const stream = new BinaryStream(options('speech', { input: 'abc' }))
    expect(Buffer.from(stream.push(bytes), 'latin1').equals(bytes)).toBe(true)
    expect(stream.end()).toBeNull()
    expect(stream.terms).toEqual({ units: { inputCharacter: 3 } })
  })
})

describe('a reranking answer', () => {
  const rerank = (answer: unknown, body: object = {}) =>
    readRerankReply(Buffer.from(JSON.stringify(answer)), options('rerank', body))
  const shown = (answer: unknown, body: object = {}) => {
    const reply = rerank(answer, body)
    return 'body' in reply ? JSON.parse(reply.body.toString()) : reply
  }

  it('keeps what it does not know', () => {
    expect(shown({ id: 'r', results: [], extra: 1, meta: { warnings: ['w'] } })).toEqual({
      id: 'r',
      results: [],
      extra: 1,
      meta: { warnings: ['w'], billed_units: { search_units: 1 } },
    })
  })

  it('gives documents one form, and adds them only when asked', () => {
    const results = [
      { index: 1, relevance_score: 0.5 },
      { index: 9, relevance_score: 0.1, document: 'given' },
    ]
    const documents = ['a', { text: 'b', title: 't' }]
    expect(shown({ results }, { documents }).results[0]).toEqual({ index: 1, relevance_score: 0.5 })
    expect(shown({ results }, { documents, return_documents: true }).results).toEqual([
      { index: 1, relevance_score: 0.5, document: { text: 'b', title: 't' } },
      { index: 9, relevance_score: 0.1, document: { text: 'given' } },
    ])
  })

  it('bills what the vendor counts', () => {
    expect(rerank({ results: [], meta: { billed_units: { search_units: 3 } } })).toMatchObject({
      usage: null,
      terms: { units: { query: 3 } },
    })
    expect(rerank({ data: [], usage: { total_tokens: 9 } })).toMatchObject({ usage: { inputTokens: 9 } })
  })

  it.each([[[]], ['text'], [{ scores: [] }], [{ results: [], error: { message: 'no' } }]])(
    'is a failure when it is %j',
    (answer) => {
      expect(rerank(answer)).toHaveProperty('kind')
    },
  )
})
