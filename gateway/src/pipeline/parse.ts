import { isUtf8 } from 'node:buffer'
import { GatewayError } from '@routeiq/contract'
import type { Operation } from '../conversation/operation.ts'
import { decompressBody } from '../http/decompress-body.ts'
import { readBody } from '../http/read-body.ts'
import type { Caller } from '../identity/caller.ts'
import { type ObjectMembers, scanLimits, scanObject } from '../json/object-members.ts'
import { parseLazily } from '../json/parse-lazily.ts'
import type { Arrival, ModelRequest, Runtime } from './model-request.ts'
import { isUpload, parseUpload } from './parse-upload.ts'
import { readRequestOptions } from './request-options.ts'

const maxDepth = 64

/**
 * Reads and checks the body, at once when it has arrived whole. Only what the gateway needs is checked; everything else is
 * the provider's business.
 */
export function parse(
  runtime: Runtime,
  arrival: Arrival,
  caller: Caller,
): ModelRequest | Promise<ModelRequest> {
  if (takesForms.has(arrival.operation) && isUpload(arrival)) return parseForm(runtime, arrival, caller)
  const arriving = readBody(arrival.exchange.request, runtime.config.server.maxRequestBytes)
  const encoding = arrival.exchange.header('content-encoding')
  return arriving instanceof Promise || encoding !== null
    ? parseLater(runtime, arrival, caller, arriving, encoding)
    : parseBody(runtime, arrival, caller, arriving)
}

async function parseLater(
  runtime: Runtime,
  arrival: Arrival,
  caller: Caller,
  arriving: Buffer | Promise<Buffer>,
  encoding: string | null,
): Promise<ModelRequest> {
  const received = await arriving
  const bytes =
    encoding === null
      ? received
      : await decompressBody(received, encoding, runtime.config.server.maxRequestBytes)
  return parseBody(runtime, arrival, caller, bytes)
}

const takesForms: ReadonlySet<Operation> = new Set(['image-edit', 'transcription', 'translation'])
const noBytes = Buffer.alloc(0)
const noMembers: ObjectMembers = { members: [], depth: 1, overfull: false, end: 0 }

async function parseForm(runtime: Runtime, arrival: Arrival, caller: Caller): Promise<ModelRequest> {
  const { upload, fields } = await parseUpload(runtime, arrival)
  return describe(runtime, arrival, caller, { bytes: noBytes, members: noMembers, body: fields, upload })
}

/** Reads a body that is there already. */
export function parseBody(
  runtime: Runtime,
  arrival: Arrival,
  caller: Caller,
  bytes: Buffer,
): ModelRequest | Promise<ModelRequest> {
  if (bytes.length === 0)
    throw new GatewayError('invalid_json', 'The request has no body. Send a JSON object.')
  if (!isUtf8(bytes)) throw new GatewayError('invalid_json', 'The body is not valid UTF-8.')
  const members = scanObject(bytes)
  if (members === null) throw describeNoObject(bytes)
  if (members.depth > maxDepth) {
    throw new GatewayError(
      'invalid_json',
      `The body is nested ${members.depth} levels deep; at most ${maxDepth} are accepted.`,
    )
  }
  if (members.overfull) {
    const { objectMembers, arrayItems } = scanLimits
    throw new GatewayError(
      'invalid_json',
      `An object of the body has more than ${objectMembers} members, or an array more than ${arrayItems} items.`,
    )
  }
  const body = parseLazily(bytes, members, requireJson)
  return describe(runtime, arrival, caller, { bytes, members, body, upload: null })
}

type Content = Pick<ModelRequest, 'bytes' | 'members' | 'body' | 'upload'>

function describe(
  runtime: Runtime,
  arrival: Arrival,
  caller: Caller,
  { bytes, members, body, upload }: Content,
): ModelRequest | Promise<ModelRequest> {
  const requestedModel = readModel(runtime, arrival, body)
  const { headers } = arrival.exchange.request
  const delivery = arrival.protocol.readDelivery(body, arrival, headers)
  const { stream, includesUsage, isBinary = false } = delivery
  const request: ModelRequest = {
    exchange: arrival.exchange,
    operation: arrival.operation,
    protocol: arrival.protocol,
    history: arrival.history,
    pathModel: arrival.pathModel,
    pathStream: arrival.pathStream,
    runtime,
    caller,
    bytes,
    members,
    body,
    upload,
    clientBody: body,
    boundTo: null,
    skills: null,
    parsed: null,
    preferredId: null,
    container: null,
    restoreContainer: null,
    requestedModel,
    stream,
    isBinary,
    includeUsage: stream && (includesUsage || runtime.config.requests.alwaysIncludeStreamUsage),
    options: readRequestOptions(body, arrival.exchange, runtime.config.governance.endUserHeaders),
  }
  return arrival.history === null ? request : arrival.history.resume(request)
}

/** Errors: 400 that says where the text is no JSON. */
function requireJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const reason = (error as Error).message.slice(0, 200)
    throw new GatewayError('invalid_json', `The body is not valid JSON: ${reason}`)
  }
}

/** Why bytes are no JSON object: they are no JSON, or something else. */
function describeNoObject(bytes: Buffer): GatewayError {
  try {
    requireJson(bytes.toString('utf8'))
  } catch (error) {
    if (error instanceof GatewayError) return error
  }
  return new GatewayError('invalid_json', 'The body must be a JSON object.')
}

function readModel(runtime: Runtime, arrival: Arrival, body: Readonly<Record<string, unknown>>): string {
  const model = arrival.pathModel ?? body['model'] ?? runtime.config.requests.completionModel
  if (typeof model !== 'string' || model === '') {
    throw new GatewayError(
      'invalid_request',
      '`model` must be the name of a model; GET /v1/models lists them.',
      { param: 'model' },
    )
  }
  return model
}
