import { randomUUID } from 'node:crypto'
import type { Transport, UpstreamCall, UpstreamRequest, UpstreamSink } from '../transport/transport.ts'
import { demoEmbeddings } from './demo-embeddings.ts'

const greeting =
  'Hello from RouteIQ. This is the built-in demo model: it answers on this machine, without a key or a network. ' +
  'Set a provider key such as OPENAI_API_KEY, or pass --config config.yaml, to reach a real model.'

interface DemoBody {
  readonly model: string
  readonly stream?: boolean
  readonly stream_options?: { readonly include_usage?: boolean }
  readonly messages?: readonly { readonly role?: string; readonly content?: unknown }[]
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
      if (request.path.includes('/embeddings'))
        answerJson(sink, demoEmbeddings(body.model, body.input, body.encoding_format))
      else if (request.path.includes('/chat/')) answerChat(sink, body, created)
      else answerJson(sink, textCompletion(body, created))
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

function answerJson(sink: UpstreamSink, body: unknown): void {
  sink.onHeaders(200, { 'content-type': 'application/json' })
  sink.onData(Buffer.from(JSON.stringify(body)))
  sink.onEnd()
}

function answerChat(sink: UpstreamSink, body: DemoBody, created: number): void {
  const text = body.mock_response ?? demoText(body)
  const usage = countUsage(JSON.stringify(body.messages ?? []), text)
  const common = { id: `chatcmpl-${randomUUID()}`, created, model: body.model }
  if (body.stream === true) {
    streamChat(sink, common, text, body.stream_options?.include_usage === true ? usage : null)
    return
  }
  const message = { role: 'assistant', content: text, refusal: null }
  const choices = [{ index: 0, message, finish_reason: 'stop', logprobs: null }]
  answerJson(sink, { ...common, object: 'chat.completion', choices, usage })
}

function streamChat(sink: UpstreamSink, common: object, text: string, usage: object | null): void {
  sink.onHeaders(200, { 'content-type': 'text/event-stream' })
  const send = (members: object): void => {
    sink.onData(
      Buffer.from(`data: ${JSON.stringify({ ...common, object: 'chat.completion.chunk', ...members })}\n\n`),
    )
  }
  const choice = (delta: object, finish: string | null) => ({
    choices: [{ index: 0, delta, finish_reason: finish, logprobs: null }],
  })
  send(choice({ role: 'assistant', content: '' }, null))
  for (const word of text.match(/\s*\S+/g) ?? []) send(choice({ content: word }, null))
  send(choice({}, 'stop'))
  if (usage !== null) send({ choices: [], usage })
  sink.onData(Buffer.from('data: [DONE]\n\n'))
  sink.onEnd()
}

function textCompletion(body: DemoBody, created: number): object {
  const text = body.mock_response ?? demoText(body)
  return {
    id: `cmpl-${randomUUID()}`,
    object: 'text_completion',
    created,
    model: body.model,
    choices: [{ index: 0, text, finish_reason: 'stop', logprobs: null }],
    usage: countUsage(JSON.stringify(body.prompt ?? ''), text),
  }
}

function demoText(body: DemoBody): string {
  const last = body.messages?.findLast((message) => message.role === 'user')?.content ?? body.prompt
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
