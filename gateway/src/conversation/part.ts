import type { DialectId } from './dialect.ts'

/** A prompt-cache mark as written by the caller (`{type: 'ephemeral', ttl?: '5m' | '1h'}`). */
export type CacheControl = Readonly<Record<string, unknown>>

/** Where the bytes of an image, document or recording are. */
export type MediaSource =
  | { readonly kind: 'url'; readonly url: string }
  /** `mediaType` is what the caller claims; null when it says nothing. */
  | { readonly kind: 'base64'; readonly mediaType: string | null; readonly data: string }
  | { readonly kind: 'file'; readonly fileId: string }
  | { readonly kind: 'text'; readonly text: string }

/** The source behind a piece of answer text. `native` is the provider's own object, kept whole. */
export interface Citation {
  readonly url: string | null
  readonly title: string | null
  readonly citedText: string | null
  readonly native: Readonly<Record<string, unknown>>
}

interface CacheMarked {
  readonly cacheControl?: CacheControl | undefined
}

export interface TextPart extends CacheMarked {
  readonly type: 'text'
  readonly text: string
  readonly citations?: readonly Citation[] | undefined
}

export interface ImagePart extends CacheMarked {
  readonly type: 'image'
  readonly source: MediaSource
  readonly detail?: string | undefined
}

export interface DocumentPart extends CacheMarked {
  readonly type: 'document'
  readonly source: MediaSource
  readonly filename?: string | undefined
}

interface AudioPart {
  readonly type: 'audio'
  /** Base64. */
  readonly data: string
  /** `wav`, `mp3`, … */
  readonly format: string
}

/** A tool call of the model. `arguments` stays text until a target needs an object. */
export interface ToolCallPart extends CacheMarked {
  readonly type: 'tool-call'
  readonly id: string
  readonly name: string
  /** `function`: arguments are JSON text. `custom`: arguments are free text. */
  readonly kind: 'function' | 'custom'
  readonly arguments: string
}

export interface ToolResultPart extends CacheMarked {
  readonly type: 'tool-result'
  readonly toolCallId: string
  readonly parts: readonly Part[]
  readonly isError: boolean
}

/** Thinking. `signature` and `redacted` are opaque provider data, never trimmed or re-encoded. */
export interface ReasoningPart {
  readonly type: 'reasoning'
  readonly text: string
  readonly signature: string | null
  /** Encrypted thinking without readable text. */
  readonly redacted: string | null
}

export interface RefusalPart {
  readonly type: 'refusal'
  readonly text: string
}

/** A block only its own dialect understands; passed through there, dropped elsewhere. */
export interface OpaquePart {
  readonly type: 'opaque'
  readonly dialect: DialectId
  readonly value: Readonly<Record<string, unknown>>
}

export type Part =
  | TextPart
  | ImagePart
  | DocumentPart
  | AudioPart
  | ToolCallPart
  | ToolResultPart
  | ReasoningPart
  | RefusalPart
  | OpaquePart
