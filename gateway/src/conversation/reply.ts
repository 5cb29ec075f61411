import type { DialectId } from './dialect.ts'
import type { JsonRecord } from './json-value.ts'
import type { ImagePart, OpaquePart, ReasoningPart, RefusalPart, TextPart, ToolCallPart } from './part.ts'
import type { Usage } from './usage.ts'

/** Why an answer ended. `pause` asks the caller to send the turn back so that the model may go on. */
export type FinishReason = 'stop' | 'length' | 'tool-calls' | 'content-filter' | 'pause'

export interface Finish {
  readonly reason: FinishReason
  /** The provider's own word (`end_turn`, `eos`), null when it gave none. */
  readonly providerReason: string | null
  /** The stop sequence that matched, when the provider says so. */
  readonly stopSequence: string | null
}

export type ReplyPart = TextPart | ReasoningPart | ToolCallPart | RefusalPart | ImagePart | OpaquePart

export interface ReplyChoice {
  readonly index: number
  readonly parts: readonly ReplyPart[]
  /** Null only when the answer broke off. */
  readonly finish: Finish | null
}

/** Members of the provider's answer the model has no place for, with the dialect that explains them. */
export interface ReplyExtra {
  readonly dialect: DialectId
  readonly members: Readonly<Record<string, unknown>>
}

/** One whole answer; the aggregated form of a stream of events. */
export interface ConversationReply {
  readonly id: string | null
  readonly model: string | null
  /** Seconds since 1970. */
  readonly created: number | null
  readonly choices: readonly ReplyChoice[]
  readonly usage: Usage | null
  /** What ran the provider's code execution, with the skills in it, in Anthropic's form. */
  readonly container?: JsonRecord | null
  readonly extra: ReplyExtra | null
}
