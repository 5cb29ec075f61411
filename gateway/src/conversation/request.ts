import type { DialectId } from './dialect.ts'
import type { CacheControl, Part } from './part.ts'

/** `developer` is kept apart from `system` because some targets know only one of them. */
export type MessageRole = 'system' | 'developer' | 'user' | 'assistant' | 'tool'

export interface ConversationMessage {
  readonly role: MessageRole
  readonly parts: readonly Part[]
  readonly name?: string | undefined
}

export interface FunctionTool {
  readonly type: 'function'
  readonly name: string
  readonly description: string | null
  /** JSON schema as the caller wrote it, null when the tool takes nothing. */
  readonly parameters: Readonly<Record<string, unknown>> | null
  readonly strict: boolean | null
  readonly cacheControl?: CacheControl | undefined
}

/** A tool called with free text instead of JSON. */
interface CustomTool {
  readonly type: 'custom'
  readonly name: string
  readonly description: string | null
  readonly format: Readonly<Record<string, unknown>> | null
  readonly cacheControl?: CacheControl | undefined
}

/** A tool the provider runs itself, or one of a form only its dialect knows; `value` is the caller's object. */
export interface ProviderTool {
  readonly type: 'provider'
  readonly name: string
  readonly value: Readonly<Record<string, unknown>>
}

export type ToolDefinition = FunctionTool | CustomTool | ProviderTool

export type ToolChoice =
  | { readonly type: 'auto' | 'required' | 'none' }
  | { readonly type: 'tool'; readonly name: string }

export type ResponseFormat =
  | { readonly type: 'text' | 'json_object' }
  | {
      readonly type: 'json_schema'
      readonly name: string
      readonly description: string | null
      readonly schema: Readonly<Record<string, unknown>>
      readonly strict: boolean | null
    }

/** Null members were not set by the caller. */
interface Sampling {
  readonly temperature: number | null
  readonly topP: number | null
  readonly topK: number | null
  readonly seed: number | null
  readonly frequencyPenalty: number | null
  readonly presencePenalty: number | null
}

interface ReasoningOptions {
  /** `none`, `minimal`, `low`, `medium`, `high`, `xhigh`, or what the caller wrote. */
  readonly effort: string | null
  /** Thinking tokens the caller allows, where its dialect states a number. */
  readonly budgetTokens: number | null
}

export interface WebSearchOptions {
  readonly contextSize: 'low' | 'medium' | 'high'
  readonly userLocation: Readonly<Record<string, unknown>> | null
}

/** One request of any dialect: a superset, so that every target can take what it understands. */
export interface ConversationRequest {
  /** The dialect the caller spoke; tells what the members of `extra` mean. */
  readonly dialect: DialectId
  readonly model: string
  /** In order, system messages included. */
  readonly messages: readonly ConversationMessage[]
  readonly tools: readonly ToolDefinition[]
  readonly toolChoice: ToolChoice | null
  readonly parallelToolCalls: boolean | null
  readonly maxOutputTokens: number | null
  readonly sampling: Sampling
  readonly stop: readonly string[]
  /** Number of alternative answers; 1 unless asked otherwise. */
  readonly choiceCount: number
  readonly responseFormat: ResponseFormat | null
  readonly reasoning: ReasoningOptions | null
  readonly webSearch: WebSearchOptions | null
  /** The caller's end user. */
  readonly user: string | null
  readonly metadata: Readonly<Record<string, unknown>> | null
  readonly serviceTier: string | null
  readonly stream: boolean
  /** Whether the caller asked for usage at the end of its stream. */
  readonly streamUsage: boolean
  readonly cacheControl?: CacheControl | undefined
  /** Members of the caller's body this model has no place for, as written. */
  readonly extra: Readonly<Record<string, unknown>>
}
