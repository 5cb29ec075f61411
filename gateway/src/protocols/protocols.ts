import type { DialectId } from '../conversation/dialect.ts'
import { anthropicMessagesProtocol } from './anthropic-messages/anthropic-messages.ts'
import { googleGenerateProtocol } from './google-generate/google-generate.ts'
import { openaiModelLists } from './openai-chat/model-lists.ts'
import { openaiChatProtocol } from './openai-chat/openai-chat.ts'
import { openaiResponsesProtocol } from './openai-responses/openai-responses.ts'
import type { ModelLists, Protocol } from './protocol.ts'

/** Every dialect clients may speak, in the order of the documentation. */
export const protocols: readonly Protocol[] = [
  openaiChatProtocol,
  openaiResponsesProtocol,
  anthropicMessagesProtocol,
  googleGenerateProtocol,
]

const byId = new Map<DialectId, Protocol>(protocols.map((protocol) => [protocol.id, protocol]))

/** How a dialect lists models; OpenAI's way for one without its own. */
export function modelListsOf(dialect: DialectId): ModelLists {
  return byId.get(dialect)?.modelLists ?? openaiModelLists
}

/** Errors: throws for a dialect this release does not serve, which only a route could name. */
export function protocolOf(dialect: DialectId): Protocol {
  const protocol = byId.get(dialect)
  if (protocol === undefined) throw new Error(`the dialect ${dialect} is not served`)
  return protocol
}
