import type { HeaderFields } from '../http1/header-fields.ts'

/** One HTTP request to a provider. Header list is flat name, value; `content-length` is set by the transport. */
export interface UpstreamRequest {
  /** Scheme, host and port: `https://api.openai.com`. */
  readonly origin: string
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly headers: readonly string[]
  readonly body: Buffer | null
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
