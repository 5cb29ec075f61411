import { setTimeout as sleep } from 'node:timers/promises'
import {
  anthropicEvents,
  anthropicMessage,
  anthropicTokenCount,
  formatAnthropicStream,
} from './anthropic-wire.ts'
import { bedrockMock } from './bedrock-wire.ts'
import { cohereMock } from './cohere-wire.ts'
import {
  formatGeminiStream,
  geminiAnswer,
  geminiEmbeddings,
  geminiPieces,
  geminiTokenCount,
  vertexEmbeddings,
} from './gemini-wire.ts'
import { answerMedia } from './media-wire.ts'
import { ollamaMock } from './ollama-wire.ts'
import {
  type ChatAnswer,
  chatChunks,
  chatCompletion,
  embeddings,
  formatOpenaiStream,
  textCompletion,
  textCompletionChunks,
} from './openai-wire.ts'
import type { ReceivedRequest } from './received-request.ts'
import { formatResponsesStream, responseEvents, responseObject } from './responses-wire.ts'
import type { Call, Step } from './scripted-upstream.ts'
import type { WireMock } from './wire-mock.ts'

export const eventStream = { 'content-type': 'text/event-stream; charset=utf-8' }
const json = { 'content-type': 'application/json' }

/** What the provider would answer: the wire of the path, streamed when asked for. */
export function answerTruly(answer: ChatAnswer = {}): Step {
  return ({ request, response }) => {
    if (answerMedia(request, response)) return
    const stream = trueStream(request, answer)
    if (stream !== null) response.writeHead(200, streamHead(request)).end(stream)
    else response.writeHead(200, json).end(JSON.stringify(trueBody(request, answer)))
  }
}

/** Any status with any body; objects as JSON. */
export function respond(
  status: number,
  body: object | string | Buffer = '',
  headers: Readonly<Record<string, string>> = {},
): Step {
  return ({ response }) => {
    const isText = typeof body === 'string' || Buffer.isBuffer(body)
    response.writeHead(status, { ...json, ...headers }).end(isText ? body : JSON.stringify(body))
  }
}

/** An event stream of this text, complete. */
export function respondStream(text: string | Buffer): Step {
  return ({ request, response }) => void response.writeHead(200, streamHead(request)).end(text)
}

/** Takes the request and never answers. */
export function hang(): Step {
  return () => {}
}

/** Sends the start of a stream, then neither more nor an end. */
export function hangAfter(text: string | Buffer): Step {
  return ({ request, response }) => void response.writeHead(200, streamHead(request)).write(text)
}

/** Sends the start of a stream and closes the connection without the end that chunked encoding needs. */
export function cutAfter(text: string | Buffer, headers?: Readonly<Record<string, string>>): Step {
  return async ({ request, response }) => {
    response.writeHead(200, headers ?? streamHead(request)).write(text)
    await sleep(20)
    response.socket?.end()
  }
}

/** Announces `length` bytes and ends the connection before. */
export function cutBody(text: string, length: number): Step {
  return ({ response }) => {
    response.writeHead(200, { ...json, 'content-length': String(length) })
    response.write(text, () => response.socket?.end())
  }
}

/** Resets the connection without an answer. */
export function resetConnection(): Step {
  return ({ response }) => void response.socket?.resetAndDestroy()
}

/** The true answer as a stream of which every byte is a write of its own. */
export function answerByteByByte(answer: ChatAnswer = {}): Step {
  return (call) => writeSlowly(call, trueBytes(call.request, answer), 1, 0)
}

/** The true answer as a stream, `size` bytes every `pauseMs`. */
export function drip(size: number, pauseMs: number, answer: ChatAnswer = {}): Step {
  return (call) => writeSlowly(call, trueBytes(call.request, answer), size, pauseMs)
}

/** Waits, then does `step`; not when the gateway has gone meanwhile. */
export function after(delayMs: number, step: Step): Step {
  return async (call) => {
    await sleep(delayMs)
    if (!call.gone.aborted) await step(call)
  }
}

/** `step`, but not before `release`. */
export function held(step: Step): { readonly step: Step; readonly release: () => void } {
  let release = (): void => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  return { step: (call) => released.then(() => step(call)), release }
}

async function writeSlowly(
  { request, response, gone }: Call,
  bytes: Buffer,
  size: number,
  pauseMs: number,
): Promise<void> {
  response.socket?.setNoDelay(true)
  response.writeHead(200, streamHead(request))
  for (let at = 0; at < bytes.length; at += size) {
    if (gone.aborted) return
    await new Promise((resolve) => response.write(bytes.subarray(at, at + size), resolve))
    if (pauseMs > 0) await sleep(pauseMs)
  }
  response.end()
}

/** Wires that are neither told apart by the body nor by the end of the path. */
const mocks: readonly WireMock[] = [ollamaMock, cohereMock, bedrockMock]

function mockOf(request: ReceivedRequest): WireMock | undefined {
  return mocks.find((mock) => mock.owns(request.path))
}

function streamHead(request: ReceivedRequest): Readonly<Record<string, string>> {
  const type = mockOf(request)?.streamType
  return type === undefined ? eventStream : { 'content-type': type }
}

function trueBytes(request: ReceivedRequest, answer: ChatAnswer): Buffer {
  return Buffer.from((trueStream(request, answer) ?? '') as string)
}

function trueStream(request: ReceivedRequest, answer: ChatAnswer): string | Buffer | null {
  const mock = mockOf(request)
  if (mock !== undefined) return mock.wantsStream(request) ? Buffer.concat(mock.pieces(answer)) : null
  if (request.path.includes(':streamGenerateContent')) return formatGeminiStream(geminiPieces(answer))
  if (request.json['stream'] !== true) return null
  if (isAnthropic(request.path)) return formatAnthropicStream(anthropicEvents(answer))
  if (request.path.includes('/responses')) return formatResponsesStream(responseEvents(answer))
  if (/(?<!\/chat)\/completions/.test(request.path))
    return formatOpenaiStream(textCompletionChunks(answer.content))
  const options = request.json['stream_options'] as { include_usage?: boolean } | undefined
  return formatOpenaiStream(chatChunks(answer, options?.include_usage === true))
}

function trueBody(request: ReceivedRequest, answer: ChatAnswer): object {
  const mock = mockOf(request)
  if (mock !== undefined) return mock.whole(answer, request)
  if (request.path.includes('/count_tokens')) return anthropicTokenCount
  if (isAnthropic(request.path)) return anthropicMessage(answer)
  if (request.path.includes(':countTokens')) return geminiTokenCount
  if (request.path.includes(':generateContent')) return geminiAnswer(answer)
  if (request.path.includes(':batchEmbedContents')) return geminiEmbeddings(request.json)
  if (request.path.endsWith(':predict')) return vertexEmbeddings(request.json)
  if (request.path.includes('/input_tokens')) return { object: 'response.input_tokens', input_tokens: 11 }
  if (request.path.includes('/responses')) return responseObject(answer)
  if (request.path.includes('/embeddings')) return embeddings(request.json)
  if (request.path.includes('/chat/completions')) return chatCompletion(answer)
  return textCompletion(answer.content)
}

/** Anthropic's own path, or Vertex AI's for its models. */
function isAnthropic(path: string): boolean {
  return path.includes('/messages') || /:(?:rawPredict|streamRawPredict)$/.test(path)
}
