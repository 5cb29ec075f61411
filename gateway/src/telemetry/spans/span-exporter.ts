import { encodeTraceRequest, formatTraceRequest, type Resource } from './encode-otlp.ts'
import type { Span } from './span.ts'

export interface SpanExporterOptions {
  readonly protocol: 'http/protobuf' | 'http/json'
  readonly resource: Resource
  /** Sends a body with its media type, and resolves with the status. */
  readonly post: (contentType: string, body: Buffer) => Promise<number>
  /** Told once for every stretch of failures. */
  readonly onFailure: (reason: string) => void
  /** Hides secrets. */
  readonly redactText: (text: string) => string
}

const capacity = 8192
const batchSize = 512
const intervalMs = 1000
const maxRetries = 3
const retryable = new Set([408, 429, 502, 503, 504])

/**
 * Sends finished spans to a collector in batches, one at a time, once a second or as soon as a batch is full. Spans beyond
 * its capacity are dropped and counted; nobody waits for it.
 */
export class SpanExporter {
  readonly #options: SpanExporterOptions
  #waiting: Span[] = []
  #timer: NodeJS.Timeout | null = null
  #sending: Promise<void> | null = null
  #failures = 0
  #dropped = 0

  constructor(options: SpanExporterOptions) {
    this.#options = options
  }

  get droppedSpans(): number {
    return this.#dropped
  }

  readonly record = (span: Span): void => {
    if (this.#waiting.length >= capacity) {
      this.#dropped += 1
      return
    }
    this.#waiting.push(span)
    if (this.#waiting.length >= batchSize) this.#send()
    else this.#timer ??= setTimeout(() => this.#send(), intervalMs).unref()
  }

  /** Sends what is there, for the end of the process. */
  async close(): Promise<void> {
    while (this.#waiting.length > 0 || this.#sending !== null) {
      const before = this.#failures
      this.#send()
      await this.#sending
      if (this.#failures > before) break
    }
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  #send(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    if (this.#sending !== null || this.#waiting.length === 0) return
    const batch = this.#waiting.slice(0, batchSize)
    this.#sending = this.#post(batch).then((isOver) => {
      this.#sending = null
      if (isOver) this.#waiting.splice(0, batch.length)
      if (this.#waiting.length >= batchSize && isOver) this.#send()
      else if (this.#waiting.length > 0)
        this.#timer ??= setTimeout(
          () => this.#send(),
          intervalMs * 2 ** Math.min(this.#failures, maxRetries),
        ).unref()
    })
  }

  /** False when the same spans should be tried again. */
  async #post(batch: readonly Span[]): Promise<boolean> {
    const { protocol, resource, post, redactText } = this.#options
    const spans = batch.map((span) => redact(span, redactText))
    const [type, body] =
      protocol === 'http/json'
        ? ['application/json', Buffer.from(formatTraceRequest(resource, spans))]
        : ['application/x-protobuf', encodeTraceRequest(resource, spans)]
    const status = await post(type as string, body as Buffer).catch((error: Error) => error.message)
    if (typeof status === 'number' && status < 300) {
      this.#failures = 0
      return true
    }
    if (this.#failures === 0)
      this.#options.onFailure(typeof status === 'number' ? `status ${status}` : status)
    this.#failures += 1
    const isHopeless = typeof status === 'number' && !retryable.has(status)
    if (!isHopeless && this.#failures <= maxRetries) return false
    this.#dropped += batch.length
    return true
  }
}

function redact(span: Span, redactText: (text: string) => string): Span {
  const attributes = Object.fromEntries(
    Object.entries(span.attributes).map(([key, value]) => [
      key,
      typeof value === 'string' ? redactText(value) : value,
    ]),
  )
  return { ...span, name: redactText(span.name), attributes }
}
