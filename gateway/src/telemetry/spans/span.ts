export type AttributeValue = string | number | boolean | readonly string[]

/** Members that are null are left out when spans are sent. */
export type Attributes = Readonly<Record<string, AttributeValue | null>>

/** One finished piece of work, as OpenTelemetry describes it. Times are epoch milliseconds with fractions. */
export interface Span {
  /** 32 hex digits. */
  readonly traceId: string
  /** 16 hex digits. */
  readonly spanId: string
  readonly parentSpanId: string | null
  readonly name: string
  readonly kind: 'internal' | 'server' | 'client'
  readonly startedAt: number
  readonly endedAt: number
  readonly attributes: Attributes
  readonly events?: readonly SpanEvent[]
  /** What went wrong, without texts of others; null for what went well. */
  readonly error: string | null
}

interface SpanEvent {
  readonly name: string
  readonly at: number
  readonly attributes: Attributes
}

/** A span before it is known where in a trace it stands. */
export type SpanFacts = Omit<Span, 'traceId' | 'spanId' | 'parentSpanId'>
