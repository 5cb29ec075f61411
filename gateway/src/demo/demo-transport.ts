import { randomUUID } from 'node:crypto'
import { HeaderFields } from '../http1/header-fields.ts'
import type { Transport, UpstreamCall, UpstreamRequest, UpstreamSink } from '../transport/transport.ts'
import { demoEmbeddings } from './demo-embeddings.ts'

const greeting =
  'Hello from RouteIQ. This is the built-in demo model: it answers on this machine, without a key or a network. ' +
  'Set a provider key such as OPENAI_API_KEY, or pass --config config.yaml, to reach a real model.'

interface DemoMessage {
  readonly role?: unknown
  readonly content?: unknown
}

interface DemoBody {
  readonly model: string
  readonly stream?: boolean
  readonly stream_options?: { readonly include_usage?: boolean }
  readonly messages?: unknown
  readonly prompt?: unknown
  readonly input?: unknown
  readonly encoding_format?: string
  /** The text to answer with; how `mock_response` is served. */
  readonly mock_response?: string
}

/**
 * Answers OpenAI-wire requests in this process: the `demo` model, and `mock_response` for any model. It speaks
 * the same bytes as a real provider, so that nothing behind it is special.
 */
export class DemoTransport implements Transport {
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  send(request: UpstreamRequest, sink: UpstreamSink): UpstreamCall {
    const call = new DemoCall()
    const body = JSON.parse(request.body?.toString('utf8') ?? '{}') as DemoBody
    const created = Math.floor(this.#now() / 1000)
    // Answering in the same turn would reach a sink that is still being built.
    setImmediate(() => {
      if (call.cancelled) return
      const [type, chunks] = composeAnswer(request.path, body, created)
      sink.onHeaders(200, HeaderFields.from({ 'content-type': type }))
      for (const chunk of chunks) if (!call.cancelled) sink.onData(Buffer.from(chunk))
      if (!call.cancelled) sink.onEnd()
    })
    return call
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

class DemoCall implements UpstreamCall {
  cancelled = false

  cancel(): void {
    this.cancelled = true
  }

  resume(): void {}
}

type DemoAnswer = readonly [contentType: string, chunks: readonly string[]]

function composeAnswer(path: string, body: DemoBody, created: number): DemoAnswer {
  if (path.includes('/embeddings')) return json(demoEmbeddings(body.model, body.input, body.encoding_format))
  return path.includes('/chat/') ? chatCompletion(body, created) : textCompletion(body, created)
}

function json(body: unknown): DemoAnswer {
  return ['application/json', [JSON.stringify(body)]]
}

function chatCompletion(body: DemoBody, created: number): DemoAnswer {
  const text = body.mock_response ?? demoText(body)
  const usage = countUsage(JSON.stringify(body.messages ?? []), text)
  const common = { id: `chatcmpl-${randomUUID()}`, created, model: body.model }
  if (body.stream !== true) {
    const message = { role: 'assistant', content: text, refusal: null }
    const choices = [{ index: 0, message, finish_reason: 'stop', logprobs: null }]
    return json({ ...common, object: 'chat.completion', choices, usage })
  }
  const delta = (members: object) => ({ delta: members })
  const words = splitWords(text).map((content) => delta({ content }))
  const choices = [delta({ role: 'assistant', content: '' }), ...words]
  return stream({ ...common, object: 'chat.completion.chunk' }, choices, delta({}), askedUsage(body, usage))
}

function textCompletion(body: DemoBody, created: number): DemoAnswer {
  const text = body.mock_response ?? demoText(body)
  const usage = countUsage(JSON.stringify(body.prompt ?? ''), text)
  const common = { id: `cmpl-${randomUUID()}`, object: 'text_completion', created, model: body.model }
  if (body.stream !== true) {
    const choices = [{ index: 0, text, finish_reason: 'stop', logprobs: null }]
    return json({ ...common, choices, usage })
  }
  const words = splitWords(text).map((word) => ({ text: word }))
  return stream(common, words, { text: '' }, askedUsage(body, usage))
}

/** One event a choice, the last with the reason of the end, then usage when it was asked for. */
function stream(common: object, choices: readonly object[], last: object, usage: object | null): DemoAnswer {
  const event = (members: object): string => `data: ${JSON.stringify({ ...common, ...members })}\n\n`
  const choiceEvent = (choice: object, finish: string | null): string =>
    event({ choices: [{ index: 0, ...choice, finish_reason: finish, logprobs: null }] })
  const events = [...choices.map((choice) => choiceEvent(choice, null)), choiceEvent(last, 'stop')]
  if (usage !== null) events.push(event({ choices: [], usage }))
  return ['text/event-stream', [...events, 'data: [DONE]\n\n']]
}

function askedUsage(body: DemoBody, usage: object): object | null {
  return body.stream_options?.include_usage === true ? usage : null
}

function splitWords(text: string): readonly string[] {
  return text.match(/\s*\S+|\s+$/g) ?? []
}

function demoText(body: DemoBody): string {
  const messages = Array.isArray(body.messages) ? (body.messages as readonly (DemoMessage | null)[]) : []
  const last = messages.findLast((message) => message?.role === 'user')?.content ?? body.prompt
  const question = typeof last === 'string' ? last.trim() : ''
  return question === '' ? greeting : `${greeting} You said: “${question.slice(0, 500)}”`
}

function countUsage(prompt: string, answer: string): object {
  const promptTokens = Math.ceil(prompt.length / 4)
  const completionTokens = Math.ceil(answer.length / 4)
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  }
}
