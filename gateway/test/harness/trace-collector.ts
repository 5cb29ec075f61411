import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import protobuf from 'protobufjs'

/** The part of opentelemetry-proto that traces use, by the field numbers of its trace.proto and common.proto. */
const schema = protobuf
  .parse(`
  syntax = "proto3";
  message Export { repeated ResourceSpans resource_spans = 1; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message ScopeSpans { Scope scope = 1; repeated Span spans = 2; }
  message Scope { string name = 1; string version = 2; }
  message Span {
    bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; string name = 5;
    int32 kind = 6; fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8;
    repeated KeyValue attributes = 9; repeated Event events = 11; Status status = 15; fixed32 flags = 16;
  }
  message Event { fixed64 time_unix_nano = 1; string name = 2; repeated KeyValue attributes = 3; }
  message Status { string message = 2; int32 code = 3; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message AnyValue {
    oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; ArrayValue array_value = 5; }
  }
  message ArrayValue { repeated AnyValue values = 1; }
`)
  .root.lookupType('Export')

export interface CollectedSpan {
  readonly traceId: string
  readonly spanId: string
  /** Empty for the first of a trace. */
  readonly parentSpanId: string
  readonly name: string
  readonly kind: number
  readonly startedAtMs: number
  readonly endedAtMs: number
  readonly attributes: Readonly<Record<string, unknown>>
  readonly events: readonly {
    readonly name: string
    readonly attributes: Readonly<Record<string, unknown>>
  }[]
  readonly error: string | null
  readonly resource: Readonly<Record<string, unknown>>
}

/** A collector of traces that speaks OTLP over HTTP, in protobuf and in JSON. */
export interface TraceCollector {
  /** What goes into `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly endpoint: string
  readonly spans: CollectedSpan[]
  /** The headers of each request. */
  readonly requests: http.IncomingHttpHeaders[]
  /** What it answers; 200 unless told. */
  status: number
  close(): void
}

export async function startTraceCollector(): Promise<TraceCollector> {
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.once('end', () => {
      collector.requests.push(request.headers)
      const isKnown = request.url === '/v1/traces'
      if (isKnown && collector.status === 200)
        collector.spans.push(...readSpans(Buffer.concat(chunks), request.headers['content-type'] ?? ''))
      response.writeHead(isKnown ? collector.status : 404).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const collector: TraceCollector = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans: [],
    requests: [],
    status: 200,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
  return collector
}

// biome-ignore lint/suspicious/noExplicitAny: read member by member
type Decoded = any

function readSpans(body: Buffer, contentType: string): CollectedSpan[] {
  const isJson = contentType === 'application/json'
  const decoded: Decoded = isJson ? JSON.parse(body.toString('utf8')) : decode(body)
  return decoded.resourceSpans.flatMap(({ resource, scopeSpans }: Decoded) =>
    scopeSpans.flatMap(({ spans }: Decoded) =>
      spans.map((span: Decoded) => ({
        traceId: hexOf(span.traceId, isJson),
        spanId: hexOf(span.spanId, isJson),
        parentSpanId: hexOf(span.parentSpanId ?? '', isJson),
        name: span.name,
        kind: span.kind,
        startedAtMs: Number(span.startTimeUnixNano) / 1e6,
        endedAtMs: Number(span.endTimeUnixNano) / 1e6,
        attributes: readAttributes(span.attributes),
        events: (span.events ?? []).map(({ name, attributes }: Decoded) => ({
          name,
          attributes: readAttributes(attributes),
        })),
        error: span.status?.code === 2 ? span.status.message : null,
        resource: readAttributes(resource.attributes),
      })),
    ),
  )
}

const decode = (body: Buffer): Decoded =>
  schema.toObject(schema.decode(body), { bytes: String, longs: String, arrays: true })
const hexOf = (id: string, isHex: boolean): string => (isHex ? id : Buffer.from(id, 'base64').toString('hex'))

function readAttributes(list: Decoded[]): Record<string, unknown> {
  return Object.fromEntries((list ?? []).map(({ key, value }) => [key, readValue(value)]))
}

function readValue(value: Decoded): unknown {
  if (value.intValue !== undefined) return Number(value.intValue)
  if (value.arrayValue !== undefined) return value.arrayValue.values.map(readValue)
  return value.stringValue ?? value.boolValue ?? value.doubleValue
}
