import { crc32 } from 'node:zlib'

/** A message of an AWS event stream for tests, with text headers and a JSON payload. */
export function encodeEventMessage(headers: Readonly<Record<string, string>>, payload: unknown): Buffer {
  const headerBytes = Buffer.concat(Object.entries(headers).map(([name, value]) => encodeHeader(name, value)))
  const body = Buffer.from(payload === undefined ? '' : JSON.stringify(payload))
  const length = 12 + headerBytes.length + body.length + 4
  const prelude = Buffer.alloc(8)
  prelude.writeUInt32BE(length, 0)
  prelude.writeUInt32BE(headerBytes.length, 4)
  const head = Buffer.concat([prelude, checksum(prelude), headerBytes, body])
  return Buffer.concat([head, checksum(head)])
}

/** An ordinary event. */
export function encodeEvent(type: string, payload: unknown): Buffer {
  const headers = { ':event-type': type, ':content-type': 'application/json', ':message-type': 'event' }
  return encodeEventMessage(headers, payload)
}

/** A modelled exception, as AWS reports failures inside a stream. */
export function encodeException(type: string, message: string): Buffer {
  const headers = {
    ':exception-type': type,
    ':content-type': 'application/json',
    ':message-type': 'exception',
  }
  return encodeEventMessage(headers, { message })
}

function encodeHeader(name: string, value: string): Buffer {
  const [nameBytes, valueBytes] = [Buffer.from(name), Buffer.from(value)]
  const valueHead = Buffer.from([7, valueBytes.length >> 8, valueBytes.length & 255])
  return Buffer.concat([Buffer.from([nameBytes.length]), nameBytes, valueHead, valueBytes])
}

function checksum(bytes: Buffer): Buffer {
  const encoded = Buffer.alloc(4)
  encoded.writeUInt32BE(crc32(bytes))
  return encoded
}
