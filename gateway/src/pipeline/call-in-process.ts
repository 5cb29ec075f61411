import { InProcessExchange } from '../http/in-process-exchange.ts'
import type { Caller } from '../identity/caller.ts'
import { protocolOf } from '../protocols/protocols.ts'
import type { Gateway } from './gateway.ts'
import { handleRequest } from './handle-request.ts'

export interface InProcessAnswer {
  readonly requestId: string
  readonly status: number
  /** Of OpenAI's dialect: an answer, or an error in its envelope. */
  readonly body: unknown
}

const operations = {
  chat: '/v1/chat/completions',
  embedding: '/v1/embeddings',
} as const

/**
 * A call the gateway itself makes for a caller: every stage but authentication runs, so that grants, fallbacks,
 * the ledger and logs treat it like one the caller had sent. `body` is an OpenAI request without `stream`.
 */
export async function callInProcess(
  gateway: Gateway,
  caller: Caller,
  body: Readonly<Record<string, unknown>>,
  operation: keyof typeof operations = 'chat',
): Promise<InProcessAnswer> {
  const asked = operation === 'chat' ? { ...body, stream: false } : body
  const exchange = new InProcessExchange(operations[operation], Buffer.from(JSON.stringify(asked)))
  const arrival = {
    exchange,
    operation,
    protocol: protocolOf('openai-chat'),
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
