import { isUtf8 } from 'node:buffer'
import { GatewayError } from '@routeiq/contract'
import { decompressBody } from '../http/decompress-body.ts'
import { readBody } from '../http/read-body.ts'
import type { Caller } from '../identity/caller.ts'
import { scanLimits, scanObject } from '../json/object-members.ts'
import type { Arrival, ModelRequest, Runtime } from './model-request.ts'
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

function parseBody(
  runtime: Runtime,
  arrival: Arrival,
  caller: Caller,
  bytes: Buffer,
): ModelRequest | Promise<ModelRequest> {
  const body = parseObject(bytes)
  const members = scanObject(bytes)
  if (members === null) throw notAnObject()
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
  const requestedModel = readModel(runtime, arrival, body)
  const { stream, includesUsage } = arrival.protocol.readDelivery(
    body,
    arrival,
    arrival.exchange.request.headers,
  )
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
    clientBody: body,
    boundTo: null,
    requestedModel,
    stream,
    includeUsage: stream && (includesUsage || runtime.config.requests.alwaysIncludeStreamUsage),
    options: readRequestOptions(body, arrival.exchange),
  }
  return arrival.history === null ? request : arrival.history.resume(request)
}

function parseObject(bytes: Buffer): Readonly<Record<string, unknown>> {
  if (bytes.length === 0)
    throw new GatewayError('invalid_json', 'The request has no body. Send a JSON object.')
  if (!isUtf8(bytes)) throw new GatewayError('invalid_json', 'The body is not valid UTF-8.')
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    throw new GatewayError(
      'invalid_json',
      `The body is not valid JSON: ${(error as Error).message.slice(0, 200)}`,
    )
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw notAnObject()
  return value as Readonly<Record<string, unknown>>
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

function notAnObject(): GatewayError {
  return new GatewayError('invalid_json', 'The body must be a JSON object.')
}
