import { describe, expect, it } from 'vitest'
import type { HeaderFields } from '../http1/header-fields.ts'
import { SseParser } from '../protocols/sse.ts'
import { openaiWire } from '../providers/openai/openai.ts'
import { plainReplyContext } from '../providers/reply-context.ts'
import type { UpstreamSink } from '../transport/transport.ts'
import { DemoTransport } from './demo-transport.ts'

class Collector implements UpstreamSink {
  status = 0
  contentType = ''
  body = ''
  ended = false
  onChunk: () => void = () => {}
  onHeaders(status: number, headers: HeaderFields): void {
    this.status = status
    this.contentType = headers.get('content-type') ?? ''
  }
  onData(chunk: Buffer): boolean {
    this.body += chunk.toString()
    this.onChunk()
    return true
  }
  onEnd(): void {
    this.ended = true
  }
  onFailure(error: Error): void {
    throw error
  }
}

const transport = new DemoTransport(() => 1_700_000_000_500)
const turn = () => new Promise((resolve) => setImmediate(resolve))

function begin(path: string, body: object, sink = new Collector()) {
  const request = { origin: 'http://demo', method: 'POST', path, headers: [] } as const
  return { sink, call: transport.send({ ...request, body: Buffer.from(JSON.stringify(body)) }, sink) }
}

async function ask(path: string, body: object): Promise<Collector> {
  const { sink } = begin(path, { model: 'demo', ...body })
  expect(sink.status).toBe(0)
  await turn()
  expect([sink.status, sink.ended]).toEqual([200, true])
  return sink
}

const chat = '/v1/chat/completions'
const messages = [
  { role: 'user', content: 'First' },
  { role: 'assistant', content: 'Answer' },
  { role: 'user', content: 'Hello there' },
]

describe('chat', () => {
  it('is answered as OpenAI’s wire answers', async () => {
    const sink = await ask(chat, { messages })
    expect(sink.contentType).toBe('application/json')
    const answer = JSON.parse(sink.body)
    expect(answer).toMatchObject({ object: 'chat.completion', created: 1_700_000_000, model: 'demo' })
    const reply = openaiWire.decodeReply(answer, plainReplyContext)
    expect(JSON.stringify(reply)).toContain('You said: “Hello there”')
    expect(reply.usage?.outputTokens).toBeGreaterThan(0)
  })

  it.each([true, false])('is streamed as OpenAI’s wire streams (usage: %s)', async (include_usage) => {
    const sink = await ask(chat, { messages, stream: true, stream_options: { include_usage } })
    expect(sink.contentType).toBe('text/event-stream')
    const decoder = openaiWire.createStreamDecoder(plainReplyContext)
    const events = new SseParser().push(Buffer.from(sink.body)).flatMap((event) => [...decoder.push(event)])
    events.push(...decoder.end())
    const text = events.map((event) => (event.type === 'text-delta' ? event.text : '')).join('')
    expect(text).toMatch(/^Hello from RouteIQ\..*You said: “Hello there”$/)
    expect(events.filter((event) => event.type === 'error')).toEqual([])
    expect(events.some((event) => event.type === 'usage-available')).toBe(include_usage)
    expect(sink.body.endsWith('data: [DONE]\n\n')).toBe(true)
  })

  it('says the text of a mock answer, every character of it', async () => {
    const mock_response = '  two  words\nand a tail \n'
    const whole = JSON.parse((await ask(chat, { messages, mock_response })).body)
    expect(whole.choices[0].message.content).toBe(mock_response)
    const { body } = await ask(chat, { messages, mock_response, stream: true })
    const contents = [...body.matchAll(/^data: (\{.*)$/gm)].map(
      (match) => JSON.parse(match[1] ?? '').choices[0].delta.content ?? '',
    )
    expect(contents.join('')).toBe(mock_response)
  })

  it.each([
    [[]],
    [[null]],
    [['text', 7]],
    [{}],
    ['text'],
    [[{ role: 'user', content: [{ type: 'text' }] }]],
    [null],
  ])('answers messages %j as well', async (odd) => {
    expect((await ask(chat, { messages: odd })).body).toContain('Hello from RouteIQ')
    expect((await ask('/v1/completions', { messages: odd })).body).toContain('Hello from RouteIQ')
  })
})

describe('text completions', () => {
  it('are answered, and streamed, in their own form', async () => {
    const whole = JSON.parse((await ask('/v1/completions', { prompt: 'Hi' })).body)
    expect(whole).toMatchObject({
      object: 'text_completion',
      model: 'demo',
      choices: [{ finish_reason: 'stop' }],
    })
    const streamed = await ask('/v1/completions', {
      prompt: 'Hi',
      stream: true,
      stream_options: { include_usage: true },
    })
    const events = [...streamed.body.matchAll(/^data: (\{.*)$/gm)].map((match) => JSON.parse(match[1] ?? ''))
    expect(new Set(events.map((event) => event.object))).toEqual(new Set(['text_completion']))
    expect(events.map((event) => event.choices[0]?.text ?? '').join('')).toBe(whole.choices[0].text)
    expect(events.at(-2).choices[0].finish_reason).toBe('stop')
    expect(events.at(-1)).toMatchObject({ choices: [], usage: whole.usage })
    expect(streamed.body.endsWith('data: [DONE]\n\n')).toBe(true)
  })
})

describe('embeddings', () => {
  const embed = async (input: unknown, encoding_format?: string) =>
    JSON.parse((await ask('/v1/embeddings', { input, encoding_format })).body)

  it('are of length 1, equal for equal texts and near for texts that share words', async () => {
    const { data, usage } = await embed([
      'the red fox',
      'the red fox',
      'the red dog',
      'something else entirely',
    ])
    const vectors: number[][] = data.map((item: { embedding: number[] }) => item.embedding)
    const dot = (a = 0, b = 0): number =>
      (vectors[a] ?? []).reduce((sum, value, index) => sum + value * (vectors[b]?.[index] ?? 0), 0)
    expect(vectors.map((vector) => vector.length)).toEqual([256, 256, 256, 256])
    expect(dot(0, 0)).toBeCloseTo(1)
    expect(dot(0, 1)).toBeCloseTo(1)
    expect(dot(0, 2)).toBeGreaterThan(dot(0, 3))
    expect(usage.prompt_tokens).toBeGreaterThan(0)
  })

  it('come as floats or base64, of texts and of tokens', async () => {
    const floats = (await embed('one text')).data[0].embedding as number[]
    const bytes = Buffer.from((await embed('one text', 'base64')).data[0].embedding, 'base64')
    expect(floats).toEqual(Array.from({ length: 256 }, (_, index) => bytes.readFloatLE(index * 4)))
    expect((await embed([1, 2, 3])).data).toHaveLength(1)
    expect((await embed([[1, 2], [3]])).data).toHaveLength(2)
    expect((await embed('')).data[0].embedding).toEqual(Array(256).fill(0))
  })
})

describe('cancel', () => {
  it('before the answer lets nothing come', async () => {
    const { sink, call } = begin(chat, { messages })
    call.cancel()
    call.cancel()
    await turn()
    expect([sink.status, sink.body, sink.ended]).toEqual([0, '', false])
  })

  it('in the middle of it lets nothing more come', async () => {
    const sink = new Collector()
    const { call } = begin(chat, { messages, stream: true }, sink)
    let chunks = 0
    sink.onChunk = () => {
      chunks += 1
      call.cancel()
    }
    await turn()
    expect([chunks, sink.ended]).toEqual([1, false])
  })
})
