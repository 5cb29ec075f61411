/** One field of a protobuf message: a number for varints and fixed fields, bytes for what has a length. */
export interface Field {
  readonly number: number
  readonly value: bigint | Uint8Array
}

const [varint, fixed64, delimited, fixed32] = [0, 1, 2, 5]

/**
 * The fields of one message, in their order; what they mean is up to the caller (protobuf.dev/programming-guides/encoding).
 * Errors: RangeError for bytes that are no message.
 */
export function readFields(bytes: Uint8Array): readonly Field[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const fields: Field[] = []
  let at = 0
  while (at < bytes.length) {
    const tag = Number(readVarint())
    fields.push({ number: tag >>> 3, value: readValue(tag & 7) })
  }
  return fields

  function readValue(type: number): bigint | Uint8Array {
    if (type === varint) return readVarint()
    if (type === fixed64) return view.getBigUint64(skip(8), true)
    if (type === fixed32) return BigInt(view.getUint32(skip(4), true))
    if (type !== delimited) throw new RangeError(`protobuf has no wire type ${type}`)
    const length = Number(readVarint())
    const start = skip(length)
    return bytes.subarray(start, start + length)
  }

  function readVarint(): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[skip(1)] ?? 0
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asUintN(64, value)
    }
    throw new RangeError('a protobuf number has more than ten bytes')
  }

  /** Where the next `length` bytes begin. */
  function skip(length: number): number {
    const start = at
    at += length
    if (at > bytes.length) throw new RangeError('a protobuf message ends in the middle of a field')
    return start
  }
}
