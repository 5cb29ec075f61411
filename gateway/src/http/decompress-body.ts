import { promisify } from 'node:util'
import { brotliDecompress, gunzip } from 'node:zlib'
import { GatewayError } from '@routeiq/contract'

const decoders = new Map([
  ['gzip', promisify(gunzip)],
  ['x-gzip', promisify(gunzip)],
  ['br', promisify(brotliDecompress)],
])
const maxRatio = 100
const ratioFloorBytes = 65_536

/**
 * Undoes an inbound Content-Encoding. Output is capped at `limit` bytes and at 100 times the input, so a bomb
 * is refused while it unfolds; unknown encodings are `unsupported_media_type`.
 */
export async function decompressBody(body: Buffer, encoding: string, limit: number): Promise<Buffer> {
  const name = encoding.trim().toLowerCase()
  if (name === 'identity') return body
  const decode = decoders.get(name)
  if (decode === undefined) {
    throw new GatewayError(
      'unsupported_media_type',
      `Content-Encoding ${name} is not supported. Send gzip, br or none.`,
    )
  }
  const maxOutputLength = Math.min(limit, Math.max(body.length * maxRatio, ratioFloorBytes))
  try {
    return await decode(body, { maxOutputLength })
  } catch (error) {
    if (error instanceof RangeError) {
      throw new GatewayError('request_too_large', `The decompressed body exceeds ${maxOutputLength} bytes.`)
    }
    throw new GatewayError('invalid_request', `The body is not valid ${name}.`)
  }
}
