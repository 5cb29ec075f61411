import { z } from 'zod'
import { type Attributes, type AttributeValue, type ExportedSpan, toMilliseconds } from './exported-span.ts'

/** 64 bits do not fit into a number of JSON. */
const number = z.union([z.string().regex(/^-?\d{1,19}$/), z.int()])
const maxDepth = 20

interface WireValue {
  readonly stringValue?: string | undefined
  readonly boolValue?: boolean | undefined
  readonly intValue?: string | number | undefined
  readonly doubleValue?: number | undefined
  readonly arrayValue?: { readonly values?: readonly WireValue[] | undefined } | undefined
  readonly kvlistValue?: { readonly values?: readonly WirePair[] | undefined } | undefined
}
interface WirePair {
  readonly key: string
  readonly value?: WireValue | undefined
}

const value: z.ZodType<WireValue> = z.lazy(() =>
  z.object({
    stringValue: z.string().optional(),
    boolValue: z.boolean().optional(),
    intValue: number.optional(),
    doubleValue: z.number().optional(),
    arrayValue: z.object({ values: z.array(value).optional() }).optional(),
    kvlistValue: z.object({ values: z.array(pair).optional() }).optional(),
  }),
)
const pair: z.ZodType<WirePair> = z.lazy(() => z.object({ key: z.string(), value: value.optional() }))
const attributes = z.array(pair).default([])

const span = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string().default(''),
  startTimeUnixNano: number.default(0),
  endTimeUnixNano: number.default(0),
  attributes,
  status: z
    .object({ code: z.union([z.number(), z.string()]).optional(), message: z.string().optional() })
    .optional(),
})

/** `ExportTraceServiceRequest` as OTLP writes it in JSON: ids in hex, numbers of 64 bits as text. */
export const exportRequest = z.object({
  resourceSpans: z
    .array(
      z.object({
        resource: z.object({ attributes }).optional(),
        scopeSpans: z.array(z.object({ spans: z.array(span).default([]) })).default([]),
      }),
    )
    .default([]),
})

/** The spans of a request of which `exportRequest` has checked the shape. */
export function decodeJson({ resourceSpans }: z.output<typeof exportRequest>): readonly ExportedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const about = toAttributes(resource?.attributes ?? [])
    return scopeSpans.flatMap(({ spans }) => spans.map((each) => decodeSpan(each, about)))
  })
}

function decodeSpan(sent: z.output<typeof span>, resource: Attributes): ExportedSpan {
  const { code, message } = sent.status ?? {}
  return {
    traceId: sent.traceId.toLowerCase(),
    spanId: sent.spanId.toLowerCase(),
    parentSpanId: sent.parentSpanId ? sent.parentSpanId.toLowerCase() : null,
    name: sent.name,
    startedAt: toMilliseconds(BigInt(sent.startTimeUnixNano)),
    endedAt: toMilliseconds(BigInt(sent.endTimeUnixNano)),
    isError: code === 2 || code === 'STATUS_CODE_ERROR',
    errorMessage: message || null,
    attributes: toAttributes(sent.attributes),
    resource,
  }
}

function toAttributes(pairs: readonly WirePair[], depth = 0): Attributes {
  return Object.fromEntries(pairs.map(({ key, value: sent }) => [key, toValue(sent, depth)]))
}

function toValue(sent: WireValue | undefined, depth: number): AttributeValue {
  if (sent === undefined || depth > maxDepth) return null
  const { stringValue, boolValue, intValue, doubleValue, arrayValue, kvlistValue } = sent
  if (arrayValue !== undefined) return (arrayValue.values ?? []).map((item) => toValue(item, depth + 1))
  if (kvlistValue !== undefined) return toAttributes(kvlistValue.values ?? [], depth + 1)
  return (
    stringValue ?? boolValue ?? (intValue === undefined ? undefined : Number(intValue)) ?? doubleValue ?? null
  )
}
