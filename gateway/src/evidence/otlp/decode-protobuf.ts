import { type Attributes, type AttributeValue, type ExportedSpan, toMilliseconds } from './exported-span.ts'
import { type Field, readFields } from './protobuf-reader.ts'

const maxDepth = 20
const errorCode = 2n
const nothing = new Uint8Array()

/** The spans of an `ExportTraceServiceRequest` in protobuf. Errors: RangeError for bytes that are none. */
export function decodeProtobuf(bytes: Uint8Array): readonly ExportedSpan[] {
  return messagesOf(readFields(bytes), 1).flatMap((resourceSpans) => {
    const fields = readFields(resourceSpans)
    const resource = attributesOf(readFields(messagesOf(fields, 1)[0] ?? nothing), 1)
    return messagesOf(fields, 2).flatMap((scopeSpans) =>
      messagesOf(readFields(scopeSpans), 2).map((span) => decodeSpan(readFields(span), resource)),
    )
  })
}

function decodeSpan(fields: readonly Field[], resource: Attributes): ExportedSpan {
  const status = readFields(messagesOf(fields, 15)[0] ?? nothing)
  const parent = hexOf(fields, 4)
  return {
    traceId: hexOf(fields, 1),
    spanId: hexOf(fields, 2),
    parentSpanId: parent === '' ? null : parent,
    name: textOf(fields, 5),
    startedAt: toMilliseconds(numberOf(fields, 7)),
    endedAt: toMilliseconds(numberOf(fields, 8)),
    isError: numberOf(status, 3) === errorCode,
    errorMessage: textOf(status, 2) || null,
    attributes: attributesOf(fields, 9),
    resource,
  }
}

function attributesOf(fields: readonly Field[], number: number, depth = 0): Attributes {
  const pairs = messagesOf(fields, number).map((bytes) => {
    const pair = readFields(bytes)
    return [textOf(pair, 1), decodeValue(messagesOf(pair, 2)[0] ?? nothing, depth)] as const
  })
  return Object.fromEntries(pairs)
}

function decodeValue(bytes: Uint8Array, depth: number): AttributeValue {
  const [field] = readFields(bytes)
  if (field === undefined || depth > maxDepth) return null
  const { number, value } = field
  if (typeof value === 'bigint') {
    if (number === 2) return value !== 0n
    return number === 4 ? toDouble(value) : Number(BigInt.asIntN(64, value))
  }
  if (number === 1) return Buffer.from(value).toString('utf8')
  if (number === 5) return messagesOf(readFields(value), 1).map((item) => decodeValue(item, depth + 1))
  return number === 6 ? attributesOf(readFields(value), 1, depth + 1) : null
}

function toDouble(bits: bigint): number {
  const view = new DataView(new ArrayBuffer(8))
  view.setBigUint64(0, bits)
  return view.getFloat64(0)
}

const messagesOf = (fields: readonly Field[], wanted: number): readonly Uint8Array[] =>
  fields.flatMap(({ number, value }) => (number === wanted && typeof value !== 'bigint' ? [value] : []))

/** Of several values of one field the last counts. */
const lastOf = (fields: readonly Field[], wanted: number): Field['value'] | undefined =>
  fields.findLast(({ number }) => number === wanted)?.value

function textOf(fields: readonly Field[], wanted: number): string {
  const value = lastOf(fields, wanted)
  return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : ''
}

function hexOf(fields: readonly Field[], wanted: number): string {
  const value = lastOf(fields, wanted)
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : ''
}

function numberOf(fields: readonly Field[], wanted: number): bigint {
  const value = lastOf(fields, wanted)
  return typeof value === 'bigint' ? value : 0n
}
