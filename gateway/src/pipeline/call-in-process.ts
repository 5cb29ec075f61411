import { InProcessExchange } from '../http/in-process-exchange.ts'
import type { Caller } from '../identity/caller.ts'
import type { Protocol } from '../protocols/protocol.ts'
import { protocolOf } from '../protocols/protocols.ts'
import type { Gateway } from './gateway.ts'
import { handleRequest } from './handle-request.ts'

export interface InProcessAnswer {
  readonly requestId: string
  readonly status: number
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

/** The same for a conversation in another dialect. Nothing it answers is kept to be continued. */
export function converseInProcess(
  gateway: Gateway,
  caller: Caller,
  body: Readonly<Record<string, unknown>>,
  dialect: ConversationDialect,
): Promise<InProcessAnswer> {
  return send(gateway, caller, body, { operation: 'chat', dialect, path: conversations[dialect] })
}

interface Target {
  readonly operation: keyof typeof operations
  readonly dialect: ConversationDialect
  readonly path: string
}

async function send(
  gateway: Gateway,
  caller: Caller,
  body: Readonly<Record<string, unknown>>,
  { operation, dialect, path }: Target,
): Promise<InProcessAnswer> {
  const asked = operation === 'chat' ? { ...body, stream: false } : body
  const exchange = new InProcessExchange(path, Buffer.from(JSON.stringify(asked)))
  const arrival = {
    exchange,
    operation,
    protocol: protocolOf(dialect),
    history: null,
    pathModel: null,
    pathStream: null,
  } as const
  await handleRequest(gateway, arrival, caller)
  const answer = await exchange.answer
  return {
    requestId: exchange.requestId,
    status: answer.status,
    body: JSON.parse(answer.body.toString('utf8')) as unknown,
  }
}
