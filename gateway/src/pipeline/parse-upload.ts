import { GatewayError } from '@routeiq/contract'
import { isGatewayMember } from '../conversation/gateway-members.ts'
import { parseJson } from '../conversation/json-value.ts'
import { readUpload, type UploadHead, type UploadLimits } from '../http/read-upload.ts'
import type { UploadRest } from '../http/upload-rest.ts'
import { MalformedMultipart, type Part, PartScanner, readBoundary } from '../multipart/part-scanner.ts'
import type { Arrival, Runtime } from './model-request.ts'

/** A form on its way to a provider: what has arrived of it, and the rest. */
export interface Upload {
  readonly contentType: string
  readonly bytes: Buffer
  readonly parts: readonly Part[]
  readonly rest: UploadRest | null
}

/** A form and the fields of it that have arrived. */
export interface ParsedUpload {
  readonly upload: Upload
  /** Repeated fields are lists; `name[]` is the same as `name`. */
  readonly fields: Readonly<Record<string, unknown>>
}

/** Retries need the whole form, and small ones are read faster than an upstream connection is made. */
const wholeBytes = 4 * 1024 * 1024
const totalBytes = 512 * 1024 * 1024

/** Whether a request brings a form. Errors: 400 for a form without boundary. */
export function isUpload({ exchange }: Arrival): boolean {
  const contentType = exchange.header('content-type')
  return contentType !== null && asGatewayError(() => readBoundary(contentType)) !== null
}

/**
 * Reads a form as far as its `model`: whole up to 4 MiB, else until the field has come. What is behind it is
 * passed on as it arrives. Errors: 400 for what is no form, 413, 415 for a compressed one.
 */
export async function parseUpload(runtime: Runtime, arrival: Arrival): Promise<ParsedUpload> {
  const { exchange } = arrival
  if ((exchange.header('content-encoding') ?? 'identity') !== 'identity')
    throw new GatewayError('unsupported_media_type', 'A form must come without Content-Encoding.')
  const contentType = exchange.header('content-type') ?? ''
  const scanner = new PartScanner(asGatewayError(() => readBoundary(contentType)) ?? '')
  const isNamed = arrival.pathModel !== null || runtime.config.requests.completionModel !== null
  const { bytes, rest } = await readHead(runtime, arrival, (arrived) => {
    asGatewayError(() => scanner.scan(arrived))
    return isNamed || scanner.parts.some(({ name, contentEnd }) => name === 'model' && contentEnd !== null)
  })
  asGatewayError(() => scanner.scan(bytes))
  if (rest === null && !scanner.complete) throw malformed('The form ends before its last boundary.')
  const upload = { contentType, bytes, parts: scanner.parts, rest }
  return { upload, fields: readFields(scanner, bytes) }
}

function readHead(
  runtime: Runtime,
  { exchange }: Arrival,
  knowsEnough: (bytes: Buffer) => boolean,
): Promise<UploadHead> {
  const headBytes = Math.max(wholeBytes, runtime.config.server.maxRequestBytes)
  const limits: UploadLimits = { wholeBytes, headBytes, totalBytes: Math.max(headBytes, totalBytes) }
  return readUpload(exchange.request, limits, knowsEnough)
}

function readFields(scanner: PartScanner, bytes: Buffer): Record<string, unknown> {
  const fields: Record<string, unknown> = {}
  for (const part of scanner.parts) {
    const text = scanner.textOf(bytes, part)
    if (text === null) continue
    const name = part.name.replace(/\[\]$/, '')
    const before = fields[name]
    const value = readField(name, text)
    if (before === undefined) fields[name] = value
    else fields[name] = Array.isArray(before) ? [...before, value] : [before, value]
  }
  return fields
}

/** Forms know only text; the gateway's own options may be JSON. */
function readField(name: string, text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true'
  if (!isGatewayMember(name) || !/^\s*[[{]/.test(text)) return text
  return parseJson(text) ?? text
}

function asGatewayError<Result>(read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    throw error instanceof MalformedMultipart ? malformed(error.message) : error
  }
}

function malformed(message: string): GatewayError {
  return new GatewayError('invalid_request', message)
}
