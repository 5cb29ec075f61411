import type { HeaderFields } from '../http1/header-fields.ts'
import type { Authorization } from './authorization.ts'

/** One HTTP request to a provider. Header list is flat name, value; `content-length` is set by the transport. */
export interface UpstreamRequest {
  /** Scheme, host and port: `https://api.openai.com`. */
  readonly origin: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly headers: readonly string[]
  readonly body: BodyOctets | null
  /** What is still to be added to the headers when the request is sent. */
  readonly authorization?: Authorization | null
  /** What follows `body` and is still arriving. Such a request is sent once and never again by itself. */
  readonly rest?: BodySource | null
}

/** A body that is here, whole or in pieces that follow each other. */
export type BodyOctets = Buffer | BodyPieces

interface BodyPieces {
  readonly pieces: readonly Buffer[]
  /** Of all pieces together. */
  readonly length: number
  join(): Buffer
  toString(encoding?: BufferEncoding): string
}

/** The part of a request's body that is not here yet. */
export interface BodySource {
  /** Octets to come, null when nobody knows. */
  readonly length: number | null
  /** Begins to deliver; called once the connection can take it. */
  pipeTo(target: BodyTarget): void
  /** The connection has caught up after a `write` that returned false. */
  resume(): void
  /** Nothing more is wanted; safe to repeat. */
  stop(): void
}

/** Where a body goes. */
export interface BodyTarget {
  /** False asks for a pause until `resume()`. */
  write(chunk: Buffer): boolean
  end(): void
  /** The body cannot be completed. */
  fail(error: Error): void
}

/**
 * Receives one answer, in order: `onHeaders`, any `onData`, then exactly one of `onEnd` and `onFailure`.
 * After `cancel()` nothing more is called.
 */
export interface UpstreamSink {
  onHeaders(status: number, headers: HeaderFields): void
  /** False asks the transport to pause until `resume()`. */
  onData(chunk: Buffer): boolean
  onEnd(): void
  /** The connection failed; `beforeHeaders` is false when part of an answer had arrived. */
  onFailure(error: Error): void
}

export interface UpstreamCall {
  /** Ends the call and frees its connection; safe to repeat. */
  cancel(): void
  resume(): void
}

/** The only way to a provider. One instance per process; connections are kept and reused per origin. */
export interface Transport {
  send(request: UpstreamRequest, sink: UpstreamSink): UpstreamCall
  close(): Promise<void>
}
