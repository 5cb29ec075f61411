import type { Exchange } from '../http/exchange.ts'
import { type CapturedAnswer, InProcessExchange } from '../http/in-process-exchange.ts'
import type { Caller } from '../identity/caller.ts'
import type { Protocol } from '../protocols/protocol.ts'
import { protocolOf } from '../protocols/protocols.ts'
import type { Gateway } from './gateway.ts'
import { handleRequest } from './handle-request.ts'

export interface InProcessAnswer {
  readonly requestId: string
  readonly status: number
  /** Ready-made head lines, as a client would have got them. */
  readonly lines: string
  /** Of the dialect that was spoken: an answer, or an error in its envelope. */
  readonly body: unknown
}

const operations = {
  chat: '/v1/chat/completions',
  embedding: '/v1/embeddings',
} as const

/** Where a conversation goes on in each dialect that has it. */
const conversations = {
  'openai-chat': operations.chat,
  'openai-responses': '/v1/responses',
  'anthropic-messages': '/v1/messages',
} as const

export type ConversationDialect = keyof typeof conversations

export function isConversationDialect(id: Protocol['id']): id is ConversationDialect {
  return id in conversations
}

/**
 * A call the gateway itself makes for a caller: every stage but authentication runs, so that grants, fallbacks,
 * the ledger and logs treat it like one the caller had sent. `body` is an OpenAI request without `stream`.
 */
export function callInProcess(
  gateway: Gateway,
  caller: Caller,
  body: Readonly<Record<string, unknown>>,
  operation: keyof typeof operations = 'chat',
): Promise<InProcessAnswer> {
  return send(gateway, caller, body, { operation, dialect: 'openai-chat', path: operations[operation] })
}

/** The request that such a call is part of. */
export interface Occasion extends Pick<Exchange, 'trace'> {
  /** A flat name, value list of what the client asked for by headers. */
  readonly headers: readonly string[]
  /** Ends the call. */
  readonly signal: AbortSignal
}

/**
 * The same for a conversation in another dialect, as a part of another request. Nothing it answers is kept to be continued.
 * Errors: rejects with the reason of the signal.
 */
export function converseInProcess(
  gateway: Gateway,
  caller: Caller,
  body: Readonly<Record<string, unknown>>,
  dialect: ConversationDialect,
  occasion: Occasion,
): Promise<InProcessAnswer> {
  return send(gateway, caller, body, { operation: 'chat', dialect, path: conversations[dialect], occasion })
}

interface Target {
  readonly operation: keyof typeof operations
  readonly dialect: ConversationDialect
  readonly path: string
  readonly occasion?: Occasion
}

async function send(
  gateway: Gateway,
  caller: Caller,
  body: Readonly<Record<string, unknown>>,
  { operation, dialect, path, occasion }: Target,
): Promise<InProcessAnswer> {
  const asked = operation === 'chat' ? { ...body, stream: false } : body
  const exchange = new InProcessExchange(path, Buffer.from(JSON.stringify(asked)), occasion?.headers)
  exchange.trace = occasion?.trace ?? null
  const arrival = {
    exchange,
    operation,
    protocol: protocolOf(dialect),
    history: null,
    pathModel: null,
    pathStream: null,
  } as const
  const answer = await untilAborted(occasion?.signal ?? null, exchange, async () => {
    await handleRequest(gateway, arrival, caller)
    return exchange.answer
  })
  return {
    requestId: exchange.requestId,
    status: answer.status,
    lines: answer.lines,
    body: JSON.parse(answer.body.toString('utf8')) as unknown,
  }
}

/** The end of the signal is to a call what a client is that hangs up. */
function untilAborted(
  signal: AbortSignal | null,
  exchange: InProcessExchange,
  work: () => Promise<CapturedAnswer>,
): Promise<CapturedAnswer> {
  if (signal === null) return work()
  signal.throwIfAborted()
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      exchange.response.abandon()
      reject(signal.reason)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    work()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', onAbort))
  })
}
