import type { UpstreamFailure } from '../providers/failure.ts'
import type { JsonRecord } from './json-value.ts'
import type { Citation, ImagePart, OpaquePart } from './part.ts'
import type { Finish, ReplyExtra } from './reply.ts'
import type { Usage } from './usage.ts'

/**
 * One step of an answer, the same for every provider. `choice` is the index of the alternative answer.
 * Text and reasoning deltas append to the open block of their choice; a delta of another kind opens a new one.
 */
export type StreamEvent =
  | {
      readonly type: 'message-start'
      readonly id: string | null
      readonly model: string | null
      readonly created: number | null
    }
  | { readonly type: 'text-delta'; readonly choice: number; readonly text: string }
  | { readonly type: 'reasoning-delta'; readonly choice: number; readonly text: string }
  /** Closes the open reasoning block. */
  | { readonly type: 'reasoning-signature'; readonly choice: number; readonly signature: string }
  /** A whole block of encrypted thinking. */
  | { readonly type: 'reasoning-redacted'; readonly choice: number; readonly data: string }
  /** The open text, reasoning or refusal block is complete. */
  | { readonly type: 'block-end'; readonly choice: number }
  /** `index` counts the tool calls of a choice from 0 without gaps. */
  | {
      readonly type: 'tool-call-start'
      readonly choice: number
      readonly index: number
      readonly id: string
      readonly name: string
      readonly kind: 'function' | 'custom'
    }
  | {
      readonly type: 'tool-call-delta'
      readonly choice: number
      readonly index: number
      readonly arguments: string
    }
  | { readonly type: 'tool-call-end'; readonly choice: number; readonly index: number }
  /** Belongs to the open text block. */
  | { readonly type: 'citation'; readonly choice: number; readonly citation: Citation }
  | { readonly type: 'refusal-delta'; readonly choice: number; readonly text: string }
  | { readonly type: 'image'; readonly choice: number; readonly image: ImagePart }
  | { readonly type: 'opaque'; readonly choice: number; readonly part: OpaquePart }
  | { readonly type: 'extra-available'; readonly extra: ReplyExtra }
  /** Replaces what was reported before. */
  | { readonly type: 'container-available'; readonly container: JsonRecord }
  /** Cumulative: replaces what was reported before. */
  | { readonly type: 'usage-available'; readonly usage: Usage }
  | { readonly type: 'finish'; readonly choice: number; readonly finish: Finish }
  /** The answer broke off; nothing follows. */
  | { readonly type: 'error'; readonly failure: UpstreamFailure }

/** What remains once the caller of a decoder has dealt with failures. */
export type ReplyEvent = Exclude<StreamEvent, { readonly type: 'error' }>
