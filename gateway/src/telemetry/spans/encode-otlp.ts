import type { Attributes, AttributeValue, Span } from './span.ts'

/** Whose spans they are. */
export type Resource = Attributes

const kinds = { internal: 1, server: 2, client: 3 } as const
const scopeName = 'routeiq'
const errorStatus = 2
const sampledFlag = 1

/**
 * The body of a request to `/v1/traces` as protobuf: `ExportTraceServiceRequest` of opentelemetry-proto 1.x
 * (opentelemetry/proto/trace/v1/trace.proto); the numbers below are its fields'.
 */
export function encodeTraceRequest(resource: Resource, spans: readonly Span[]): Buffer {
  const scopeSpans = [message(1, [text(1, scopeName)]), ...spans.map((span) => message(2, encodeSpan(span)))]
  const resourceSpans = [message(1, encodeAttributes(1, resource)), message(2, scopeSpans)]
  return Buffer.concat(message(1, resourceSpans))
}

/** The same as JSON: ids as hex, 64-bit numbers as text (OTLP 1.x, JSON Protobuf Encoding). */
export function formatTraceRequest(resource: Resource, spans: readonly Span[]): string {
  const resourceSpans = {
    resource: { attributes: listAttributes(resource) },
    scopeSpans: [{ scope: { name: scopeName }, spans: spans.map(describeSpan) }],
  }
  return JSON.stringify({ resourceSpans: [resourceSpans] })
}

type Parts = readonly Uint8Array[]

function encodeSpan(span: Span): Parts[] {
  const { traceId, spanId, parentSpanId, name, kind, startedAt, endedAt, events = [], error } = span
  return [
    bytes(1, Buffer.from(traceId, 'hex')),
    bytes(2, Buffer.from(spanId, 'hex')),
    ...(parentSpanId === null ? [] : [bytes(4, Buffer.from(parentSpanId, 'hex'))]),
    text(5, name),
    varint(6, kinds[kind]),
    fixed64(7, toNanoseconds(startedAt)),
    fixed64(8, toNanoseconds(endedAt)),
    ...encodeAttributes(9, span.attributes),
    ...events.map((event) =>
      message(11, [
        fixed64(1, toNanoseconds(event.at)),
        text(2, event.name),
        ...encodeAttributes(3, event.attributes),
      ]),
    ),
    ...(error === null ? [] : [message(15, [text(2, error), varint(3, errorStatus)])]),
    fixed32(16, sampledFlag),
  ]
}

function encodeAttributes(field: number, attributes: Attributes): Parts[] {
  return present(attributes).map(([key, value]) =>
    message(field, [text(1, key), message(2, encodeValue(value))]),
  )
}

function encodeValue(value: AttributeValue): Parts[] {
  if (typeof value === 'string') return [text(1, value)]
  if (typeof value === 'boolean') return [varint(2, value ? 1 : 0)]
  if (typeof value === 'number') return [Number.isSafeInteger(value) ? varint(3, value) : double(4, value)]
  return [
    message(
      5,
      value.map((item) => message(1, [text(1, item)])),
    ),
  ]
}

function message(field: number, members: readonly Parts[]): Parts {
  const parts = members.flat()
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  return [tag(field, 2), encodeVarint(BigInt(length)), ...parts]
}

const bytes = (field: number, value: Uint8Array): Parts => [
  tag(field, 2),
  encodeVarint(BigInt(value.length)),
  value,
]
const text = (field: number, value: string): Parts => bytes(field, Buffer.from(value))
const varint = (field: number, value: number): Parts => [
  tag(field, 0),
  encodeVarint(BigInt.asUintN(64, BigInt(value))),
]

function fixed64(field: number, value: bigint): Parts {
  const buffer = Buffer.alloc(8)
  buffer.writeBigUInt64LE(value)
  return [tag(field, 1), buffer]
}

function double(field: number, value: number): Parts {
  const buffer = Buffer.alloc(8)
  buffer.writeDoubleLE(value)
  return [tag(field, 1), buffer]
}

function fixed32(field: number, value: number): Parts {
  const buffer = Buffer.alloc(4)
  buffer.writeUInt32LE(value)
  return [tag(field, 5), buffer]
}

const tag = (field: number, wireType: number): Uint8Array => encodeVarint(BigInt(field * 8 + wireType))

function encodeVarint(value: bigint): Uint8Array {
  const octets: number[] = []
  let rest = value
  while (rest > 0x7fn) {
    octets.push(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  octets.push(Number(rest))
  return Uint8Array.from(octets)
}

const toNanoseconds = (epochMs: number): bigint => BigInt(Math.round(epochMs * 1000)) * 1000n

function present(attributes: Attributes): [string, AttributeValue][] {
  return Object.entries(attributes).filter((entry): entry is [string, AttributeValue] => entry[1] !== null)
}

function describeSpan(span: Span): object {
  const { traceId, spanId, parentSpanId, name, kind, startedAt, endedAt, events = [], error } = span
  return {
    ...{ traceId, spanId, name, kind: kinds[kind], flags: sampledFlag },
    ...(parentSpanId !== null && { parentSpanId }),
    startTimeUnixNano: String(toNanoseconds(startedAt)),
    endTimeUnixNano: String(toNanoseconds(endedAt)),
    attributes: listAttributes(span.attributes),
    events: events.map((event) => ({
      timeUnixNano: String(toNanoseconds(event.at)),
      name: event.name,
      attributes: listAttributes(event.attributes),
    })),
    ...(error !== null && { status: { code: errorStatus, message: error } }),
  }
}

function listAttributes(attributes: Attributes): object[] {
  return present(attributes).map(([key, value]) => ({ key, value: describeValue(value) }))
}

function describeValue(value: AttributeValue): object {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value }
  return { arrayValue: { values: value.map((item) => ({ stringValue: item })) } }
}
