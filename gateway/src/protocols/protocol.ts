import type { GatewayError } from '@routeiq/contract'
import type { BlobCarrier } from '../conversation/blob-carrier.ts'
import type { DialectId } from '../conversation/dialect.ts'
import type { EmbeddingReply, EmbeddingRequest } from '../conversation/embedding.ts'
import type { JsonRecord } from '../conversation/json-value.ts'
import type { Operation } from '../conversation/operation.ts'
import type { ConversationReply } from '../conversation/reply.ts'
import type { ConversationRequest } from '../conversation/request.ts'
import type { ReplyEvent } from '../conversation/stream-event.ts'
import type { Usage } from '../conversation/usage.ts'
import type { UpstreamFailure } from '../providers/failure.ts'
import type { PlainReply, StreamRelay } from '../relay/relay.ts'
import type { CachePoint } from './cache-points.ts'
import type { ErrorRendering } from './error-text.ts'

/** What the route of a call says before its body is read. */
export interface CallAddress {
  readonly operation: Operation
  /** The model named by the path, null when the body names it. */
  readonly pathModel: string | null
  /** Whether the path asks for a stream (`:streamGenerateContent`), null when the body says so. */
  readonly pathStream: boolean | null
}

/** The client's headers, names in lower case. */
export type CallHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

/** How the client wants its answer. */
export interface Delivery {
  readonly stream: boolean
  /** The client asked for usage at the end of its stream. */
  readonly includesUsage: boolean
  /** The answer is bytes and not events: nothing of the gateway's may stand between them. */
  readonly isBinary?: true
}

/** What reading a body into the conversation model needs besides the body. */
export interface ParseOptions {
  readonly operation: Operation
  /** The name the caller asked for. */
  readonly model: string
  readonly stream: boolean
  readonly dropParams: boolean
  /** Opens the provider's signatures that the client sends back. */
  readonly carrier: BlobCarrier
}

/** What identifies an answer to its caller; the same on every event of a stream. */
export interface ReplyHead {
  /** From `Protocol.formatId`. */
  readonly id: string
  /** Seconds since 1970. */
  readonly created: number
  /** The name the caller asked for. */
  readonly model: string
}

/** The call an answer belongs to. */
interface CallOptions {
  readonly operation: Operation
  /** Give the client usage at the end of its stream, where the dialect leaves the choice. */
  readonly includesUsage: boolean
  /** The body as the client sent it, for dialects whose answers repeat parts of it. */
  readonly body: JsonRecord
}

/** How an answer is written. */
export interface ReplyOptions extends CallOptions {
  /** Wraps the provider's signatures for their way through the client. */
  readonly carrier: BlobCarrier
}

/** A model a caller may name. */
export interface ModelListing {
  readonly id: string
  /** Who serves it. */
  readonly provider: string
  /** Epoch milliseconds. */
  readonly createdAt: number
  /** Null when the gateway does not know. */
  readonly maxInputTokens: number | null
  readonly maxOutputTokens: number | null
}

/** Writes what `GET /models` and `/models/{id}` answer. */
export interface ModelLists {
  formatAll(models: readonly ModelListing[]): JsonRecord
  formatOne(model: ModelListing): JsonRecord
}

/** How a dialect asks for vectors, for wires of another form. */
export interface EmbeddingForm {
  /** Errors: 400 for what is no text. */
  parse(body: JsonRecord, model: string): EmbeddingRequest
  format(reply: EmbeddingReply, model: string, body: JsonRecord): JsonRecord
}

/** Writes events in the client's dialect. Each method returns text to send, empty when there is nothing to say. */
export interface StreamFormatter {
  format(event: ReplyEvent): string
  /** The end of a complete answer. */
  end(): string
  /**
   * The whole answer as later turns may need it, for dialects whose answers can be referred to. Called once the last
   * event was formatted, before `end`.
   */
  kept?(): JsonRecord
  /** The last event of an answer that broke off, for dialects in which it depends on what came before. */
  formatFailure?(error: GatewayError): string
}

/** How an answer that is already in the client's dialect is passed on. */
export interface PassthroughOptions extends CallOptions {
  /** What the client asked for; stamped over the provider's own model name. */
  readonly requestedModel: string
  /** Makes the provider's id of an answer one that leads back to its deployment; null leaves ids as they are. */
  readonly publicId: ((upstreamId: string) => string) | null
  /** The container of an answer as the caller knows it; absent or null leaves it as it is. */
  readonly restoreContainer?: ((container: JsonRecord) => JsonRecord) | null
  /** Longest event of a stream. */
  readonly maxEventBytes: number
  readonly decodeUsage: (usage: unknown) => Usage | null
  /** Classifies a body or event that carries an error in spite of its status 200. */
  readonly decodeError: (text: string) => UpstreamFailure
}

/**
 * A dialect clients speak to the gateway; the counterpart of a provider's `Wire`. Pure translation: no sockets, no
 * clock. One shared object per dialect, so nothing of a request may be kept on it.
 */
export interface Protocol {
  readonly id: DialectId
  /** Client headers that mean the same to a provider of this dialect; lower case. */
  readonly forwardedHeaders: readonly string[]
  /** Where the dialect's clients look for the id of their request, beside `x-request-id`. */
  readonly requestIdHeader?: string
  /** The `content-type` of its streams. */
  readonly streamType: string
  /** What keeps a begun stream alive through a silence. Before the first event an event stream gets a comment. */
  readonly keepalive: string
  /**
   * Checks the members the gateway itself needs, `model` aside, and reads how the answer is wanted. Everything else
   * is left to the provider or to `parseRequest`. Errors: 400 `invalid_request` naming the member.
   */
  readDelivery(body: JsonRecord, address: CallAddress, headers: CallHeaders): Delivery
  /** The body with prompt-cache marks where the operator wants them; absent in dialects without such marks. */
  markForCaching?(body: JsonRecord, points: readonly CachePoint[]): JsonRecord
  /** The body in the conversation model. Errors: 400 naming the field; never for a member it does not know. */
  parseRequest(body: JsonRecord, options: ParseOptions): ConversationRequest
  /** The answer to a request that only counts tokens; absent in dialects without one. */
  formatTokenCount?(tokens: number): JsonRecord
  /** How the dialect lists models; absent in dialects that share OpenAI's list. */
  readonly modelLists?: ModelLists
  /** Absent where the dialect has no embeddings. */
  readonly embeddings?: EmbeddingForm
  /** An id for a new answer in the dialect's form, made from one that is unique. */
  formatId(unique: string, operation: Operation): string
  formatReply(reply: ConversationReply, head: ReplyHead, options: ReplyOptions): JsonRecord
  createStreamFormatter(head: ReplyHead, options: ReplyOptions): StreamFormatter
  /** The last event of a stream that broke off. */
  formatStreamError(error: GatewayError, rendering: ErrorRendering): string
  /** Carries a stream of this very dialect: events as they came; usage, errors and the model found on the side. */
  createPassthroughStream(options: PassthroughOptions): StreamRelay
  /** The same for a whole answer. */
  readPassthroughReply(
    body: Buffer,
    options: PassthroughOptions,
    contentType?: string,
  ): PlainReply | UpstreamFailure
}
