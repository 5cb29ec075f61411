import type { DialectId } from '../conversation/dialect.ts'
import type { EmbeddingReply, EmbeddingRequest } from '../conversation/embedding.ts'
import type { JsonRecord } from '../conversation/json-value.ts'
import type { MediaOperation, Operation } from '../conversation/operation.ts'
import type { ConversationReply } from '../conversation/reply.ts'
import type { ConversationRequest } from '../conversation/request.ts'
import type { StreamEvent } from '../conversation/stream-event.ts'
import type { Usage } from '../conversation/usage.ts'
import type { Authorization } from '../transport/authorization.ts'
import type { UpstreamFailure } from './failure.ts'
import type { BodyEdits } from './passthrough-edits.ts'
import type { ReplyContext } from './reply-context.ts'

export type { DialectId } from '../conversation/dialect.ts'

/** One row of the provider table: everything that differs between vendors of one wire, as data. */
export interface ProviderProfile {
  readonly id: string
  /** The name shown in upstream error texts: `OpenAI`, `Anthropic`, `Groq`. */
  readonly title: string
  readonly wireId: string
  /** Makers' models behind the same account that speak another wire; the first match wins. */
  readonly modelWires?: readonly { readonly models: RegExp; readonly wireId: string }[]
  /** The wire of the vendor's Responses endpoint, for vendors that have one beside chat completions. */
  readonly responsesWireId?: string
  /** Null when the operator must give `api_base`. `{name}` stands for a member of the account. */
  readonly defaultBaseUrl: string | null
  /** Environment variables holding the key, first set wins. */
  readonly keyVariables: readonly string[]
  readonly baseUrlVariables: readonly string[]
  /** Further `litellm_params` that name the account, each with the environment variables that stand in for it. */
  readonly accountVariables?: Readonly<Record<string, readonly string[]>>
  /** Those whose value may be the path of a file with it. */
  readonly accountFiles?: readonly string[]
  /** Those that belong to each other: where one is written, none of the others comes from the environment. */
  readonly accountGroups?: readonly (readonly string[])[]
  readonly auth: 'bearer' | 'x-api-key' | 'x-goog-api-key' | 'api-key' | 'none'
  readonly quirks: ProviderQuirks
}

/** Deviations from the plain wire; absent means the wire's own behaviour. */
export interface ProviderQuirks {
  readonly maxTokensField?: 'max_tokens' | 'max_completion_tokens'
  readonly supportsStreamUsage?: boolean
  readonly supportsDeveloperRole?: boolean
  readonly supportsJsonSchema?: boolean
  readonly supportsParallelToolCalls?: boolean
  readonly supportsBase64Embeddings?: boolean
  /** False where ids of tool calls are refused, so that calls and results are matched by order. */
  readonly supportsToolCallIds?: boolean
  readonly reasoningField?: 'reasoning_content' | 'reasoning'
  readonly toolIdPattern?: 'alphanumeric-9'
  /** Refuses a user message right behind a tool's; under `modify_params` the model says something in between. */
  readonly forbidsUserAfterTool?: true
  readonly modelPrefix?: string
  /** Request members this vendor rejects; dropped under `drop_params`, else refused with 400. */
  readonly unsupportedParams?: readonly string[]
  /** Deviations of some of the vendor's models; every matching rule applies. */
  readonly modelRules?: readonly ModelRule[]
  /** The word this vendor uses for `tool_choice: "required"`. */
  readonly requiredToolChoice?: string
  /** Request members renamed for this vendor (`seed` → `random_seed`). */
  readonly renamedParams?: Readonly<Record<string, string>>
  readonly extraHeaders?: Readonly<Record<string, string>>
  /** Answers hold lists of parts where clients of the dialect expect text, so chats are translated, not passed on. */
  readonly answersInParts?: true
  /** What is added to a base URL without a path, in place of the wire's version segment. */
  readonly basePath?: string
  /** Client headers with this prefix mean something to this vendor too; credentials never go. */
  readonly forwardedHeaderPrefix?: string
  /** Deviations of the vendor's reranking from Cohere's form at `/rerank`. */
  readonly rerank?: RerankQuirks
}

interface RerankQuirks {
  /** The vendor's name of `top_n`. */
  readonly topField?: string
  /** Documents must be text; objects become the text of their members. */
  readonly textDocuments?: true
  /** Has no `return_documents`: the gateway puts the documents into the answer. */
  readonly returnsNoDocuments?: true
}

/** What is different for the upstream models whose id matches. */
interface ModelRule {
  readonly models: RegExp
  readonly maxTokensField?: 'max_tokens' | 'max_completion_tokens'
  /** Like `ProviderQuirks.unsupportedParams`, but a member holding the protocol's default value is let through. */
  readonly unsupportedParams?: readonly string[]
}

/** What the paths of a wire may depend on. */
export interface PathTarget {
  readonly upstreamModel: string
  readonly account: AccountConfig['account']
  /** The base URL as the operator wrote it. */
  readonly base: URL
}

/**
 * Path below the base URL per operation, null where the wire lacks it; may hold a query. `chatStream` is for streamed
 * answers, null when they come from the path of `chat`.
 */
export type WirePaths = Readonly<
  Record<'chat' | 'chatStream' | 'completion' | 'embedding', string | null> &
    Partial<Record<MediaOperation, string | null>>
>

/** What a wire needs to know about its target to encode a request. */
export interface WireTarget {
  readonly provider: ProviderProfile
  readonly upstreamModel: string
  readonly dropParams: boolean
  readonly modifyParams: boolean
  /** `max_tokens` for wires that require one when neither the request nor the model's limits give it. */
  readonly maxOutputTokens: number
  /** What is known of the model's abilities, by the names of the price map (`supports_reasoning`). */
  readonly supports: Readonly<Record<string, boolean>>
  readonly thinkingBudgets: Readonly<Record<'minimal' | 'low' | 'medium' | 'high', number>>
}

/** What a deployment's configuration says about its account at the provider. */
export interface AccountConfig {
  /** As configured; may hold a `*`. */
  readonly upstreamModel: string
  readonly apiKey: string | null
  readonly apiBase: string | null
  /** The rest by parameter name: `aws_region_name`, `tenant_id`, … (`ProviderProfile.accountVariables`). */
  readonly account: Readonly<Record<string, string>>
}

/** Whom authentication headers are for. */
interface AuthTarget {
  readonly provider: ProviderProfile
  readonly account?: AccountConfig
}

export interface EncodedRequest {
  /** The JSON body, without `model` splicing left to do. */
  readonly body: Readonly<Record<string, unknown>>
  /** Flat name, value list of headers this particular request needs (`anthropic-beta`). */
  readonly headers: readonly string[]
  /** Members that could not be carried over, for the decision log. */
  readonly dropped: readonly string[]
  /** Give it to `decodeReply` or `createStreamDecoder` for the answer to this request. */
  readonly replyContext: ReplyContext
}

/** How the events of a provider's stream are cut out of its bytes. */
export type StreamFraming = 'sse' | 'ndjson' | 'aws-event-stream'

/** Turns one parsed event of the provider's stream into zero or more typed events. One instance per stream. */
export interface StreamDecoder {
  push(event: { readonly event: string | null; readonly data: string }): readonly StreamEvent[]
  /** Called when the upstream body ends; says whether the stream was complete. */
  end(): readonly StreamEvent[]
}

/** Embeddings on a wire whose form is not that of OpenAI. */
export interface EmbeddingCodec {
  /** Errors: GatewayError for what the wire cannot carry. */
  encode(request: EmbeddingRequest, target: WireTarget): Pick<EncodedRequest, 'body' | 'dropped'>
  /** Errors: MalformedAnswer. */
  decode(body: unknown): EmbeddingReply
}

/**
 * An upstream protocol. Pure translation: no sockets, no clock. `openai` covers every compatible vendor.
 * Errors: `encodeRequest` throws GatewayError for what the wire cannot carry; the decoders throw
 * MalformedAnswer (a GatewayError with code `upstream_error`) for answers that are not of the wire's form.
 */
export interface Wire {
  readonly id: string
  readonly dialect: DialectId
  readonly framing: StreamFraming
  /** Where the upstream model is named: by a member of the body, or by the path alone. */
  readonly namesModelIn: 'body' | 'path'
  /** The base URL of an account whose provider has no single one (a region in the host); null when it lacks the parts. */
  findBaseUrl?(account: AccountConfig): string | null
  /** Asked once, when a deployment is built; a request only looks the paths up. */
  pathsFor(target: PathTarget): WirePaths
  /** Whether the base URL ends in a version segment that users write or omit (`/v1`). */
  readonly versionSegment: string | null
  /** Errors: throws an Error that tells the operator what of the account cannot be used. */
  authHeaders(apiKey: string | null, target: AuthTarget): readonly string[]
  /**
   * Authentication that changes over time or with the request; absent or null where `authHeaders` says it all.
   * Errors: throws an Error that tells the operator what the account lacks.
   */
  findAuthorization?(account: AccountConfig): Authorization | null
  /**
   * What must change in a body of the wire's own dialect before its bytes go upstream, `model` aside. Returns
   * `noEdits` itself when nothing must.
   */
  editPassthrough(body: JsonRecord, target: WireTarget, operation: Operation): BodyEdits
  /**
   * A client's header of the wire's own dialect as this provider takes it, null when it takes nothing of it. Wires
   * without this pass them on as they are.
   */
  filterHeader?(name: string, value: string, provider: ProviderProfile): string | null
  /**
   * Whether the provider itself fetches an image or document at a web address; absent where it does. Others are fetched
   * here and sent along.
   */
  readsMedia?(url: string, upstreamModel: string): boolean
  /** Where the provider counts the tokens of a prompt of its dialect, below the path of `chat`; absent when nowhere. */
  countingPath?(chatPath: string): string
  /** Client headers this wire has in its body, by the member of `ConversationRequest.extra` it expects them in. */
  readonly headerMembers?: Readonly<Record<string, string>>
  encodeRequest(request: ConversationRequest, target: WireTarget): EncodedRequest
  decodeReply(body: unknown, context: ReplyContext): ConversationReply
  /** The failure a 200 answer's JSON body reports instead of an answer, null when it is an answer. */
  findFailure(body: unknown): UpstreamFailure | null
  /** Absent where the wire has no embeddings, or passes OpenAI's through. */
  readonly embeddings?: EmbeddingCodec
  createStreamDecoder(context: ReplyContext): StreamDecoder
  /** Reads usage from a raw `usage` member of this wire, for the pass-through path. */
  decodeUsage(usage: unknown): Usage | null
  decodeError(
    status: number,
    headers: Readonly<Record<string, string>>,
    body: string,
    provider: ProviderProfile,
  ): UpstreamFailure
}
