/** A value of an attribute: text, number, truth, or a list or mapping of them. */
export type AttributeValue =
  | string
  | number
  | boolean
  | null
  | readonly AttributeValue[]
  | { readonly [name: string]: AttributeValue }

export type Attributes = Readonly<Record<string, AttributeValue>>

/** A span as an exporter of OpenTelemetry sends it, with what is known of the program it comes from. */
export interface ExportedSpan {
  /** 32 and 16 lower-case hex digits. */
  readonly traceId: string
  readonly spanId: string
  /** Null for the root of a trace. */
  readonly parentSpanId: string | null
  readonly name: string
  /** Milliseconds since 1970, with fractions. */
  readonly startedAt: number
  readonly endedAt: number
  readonly isError: boolean
  readonly errorMessage: string | null
  readonly attributes: Attributes
  readonly resource: Attributes
}

/** Exporters tell times in nanoseconds, of which milliseconds with three digits are kept. */
export const toMilliseconds = (nanoseconds: bigint): number => Number(nanoseconds / 1_000n) / 1_000
