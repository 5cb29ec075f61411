import type { Attributes, Span, SpanFacts } from './span.ts'
import { formatTraceparent, newSpanId, newTraceId, parseTraceparent } from './trace-context.ts'

/** One call of a provider within a request. */
export interface TracedCall {
  readonly spanId: string
  readonly startedAt: number
}

/** The event that tells a choice of a model. */
export interface TracedDecision {
  readonly name: string
  /** JSON. */
  readonly payload: object
}

export interface RequestTraceOptions {
  readonly traceId: string
  readonly parentSpanId: string | null
  readonly record: (span: Span) => void
  /** Epoch milliseconds with fractions. */
  readonly now: () => number
}

/** The trace of one request that is kept. Requests that are not kept have none, so nothing is done for them. */
export class RequestTrace {
  readonly traceId: string
  readonly spanId = newSpanId()
  readonly startedAt: number
  /** Calls of providers in order, told apart by those they ask. */
  readonly calls: TracedCall[] = []
  /** Of the choice of a model, so that what is told of it elsewhere can name its span. */
  readonly decisionSpanId = newSpanId()
  #decision: TracedDecision | null = null
  readonly #options: RequestTraceOptions
  #noted: Attributes = {}

  constructor(options: RequestTraceOptions) {
    this.traceId = options.traceId
    this.startedAt = options.now()
    this.#options = options
  }

  /** The header for whoever is asked on behalf of this request. */
  get traceparent(): string {
    return this.#traceparentOf(this.spanId)
  }

  /** Something worth knowing about the request as a whole. */
  note(attributes: Attributes): void {
    this.#noted = { ...this.#noted, ...attributes }
  }

  /** Which model was chosen, and everything that led to it. */
  noteDecision(decision: TracedDecision): void {
    this.#decision = decision
  }

  get decision(): TracedDecision | null {
    return this.#decision
  }

  /** A provider is called: the header that names this very call. */
  startCall(): string {
    const call = { spanId: newSpanId(), startedAt: this.#options.now() }
    this.calls.push(call)
    return this.#traceparentOf(call.spanId)
  }

  /** A piece of the request's work that has ended. */
  addSpan(facts: SpanFacts, spanId = newSpanId()): void {
    this.#options.record({ ...facts, traceId: this.traceId, spanId, parentSpanId: this.spanId })
  }

  /** The request itself has ended. */
  end(name: string, attributes: Attributes, error: string | null): void {
    const { record, now, parentSpanId } = this.#options
    const { traceId, spanId, startedAt } = this
    record({
      ...{ traceId, spanId, parentSpanId, name, kind: 'server', startedAt },
      ...{ endedAt: now(), attributes: { ...attributes, ...this.#noted }, error },
    })
  }

  #traceparentOf(spanId: string): string {
    return formatTraceparent({ traceId: this.traceId, spanId, isSampled: true })
  }
}

/** Begins the trace of a request, inside its caller's if that sends one; null when it is not kept. */
export function beginTrace(
  header: string | null,
  isKept: (traceId: string, parent: ReturnType<typeof parseTraceparent>) => boolean,
  options: Pick<RequestTraceOptions, 'record' | 'now'>,
): RequestTrace | null {
  const parent = parseTraceparent(header)
  const traceId = parent?.traceId ?? newTraceId()
  if (!isKept(traceId, parent)) return null
  return new RequestTrace({ ...options, traceId, parentSpanId: parent?.spanId ?? null })
}
