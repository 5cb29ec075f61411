import { GatewayError } from '@routeiq/contract'
import type { Reservation } from '../governance/held-call.ts'
import type { Exchange } from '../http/exchange.ts'
import { ClientGone } from '../http/read-body.ts'
import { readUpload, type UploadHead } from '../http/read-upload.ts'
import { anonymousCaller, type Caller } from '../identity/caller.ts'
import { requireRawRouteAllowed } from '../identity/route-grants.ts'
import { authenticate } from '../pipeline/authenticate.ts'
import type { Gateway } from '../pipeline/gateway.ts'
import { describeRefusal } from '../pipeline/response-headers.ts'
import type { PriceTable } from '../pricing/price-table.ts'
import type { UpstreamRequest } from '../transport/transport.ts'
import { findTarget } from './find-target.ts'
import { joinPath } from './join-path.ts'
import { RawCall } from './raw-call.ts'
import { readModel } from './read-model.ts'
import { settlePassThrough } from './settle-pass-through.ts'
import { buildUpstreamHeaders } from './upstream-headers.ts'

export interface PassThroughDependencies {
  readonly gateway: Gateway
  readonly prices: PriceTable
}

/** Read whole, so that the model it names can be read; larger bodies go on as they arrive. */
const wholeBytes = 4 * 1024 * 1024
const totalBytes = 512 * 1024 * 1024

/**
 * A call to a provider's own API: the gateway's key in, the operator's out, everything else as it came. One attempt,
 * no translation. What it cost is recorded where the answer tells.
 */
export async function handlePassThrough(
  { gateway, prices }: PassThroughDependencies,
  exchange: Exchange,
  prefix: string,
  auth: 'user' | 'public',
): Promise<void> {
  const runtime = gateway.runtime()
  const { identity } = gateway
  const caller =
    auth === 'public' ? anonymousCaller : await authenticate(identity, exchange, auth, undefined, true)
  requireEveryModel(caller)
  requireRawRouteAllowed(caller, pathOf(exchange.target, runtime.config.server.rootPath))
  const target = findTarget(runtime, prefix)
  const place = joinPath(target, exchange.target, runtime.config.server.rootPath)
  const { bytes, rest } = await readUploadOf(exchange)
  const model = readModel(bytes, place.path)
  identity.policies.admitModels(caller, exchange, model === null ? [] : [model])
  const reservation = await reserve(gateway, exchange, caller, model ?? prefix, bytes.length)
  const headers = buildUpstreamHeaders(
    exchange.request.headers,
    target,
    runtime.config.identity.keyHeaderName?.toLowerCase() ?? null,
    exchange.trace?.traceparent ?? null,
  )
  const hasBody = bytes.length > 0 || rest !== null
  const startedAt = performance.now()
  const call = new RawCall({
    exchange,
    target,
    request: {
      ...place,
      method: methodOf(exchange),
      headers,
      authorization: target.authorization,
      body: hasBody ? bytes : null,
      rest,
    },
    transport: gateway.transport,
    timeoutMs: runtime.config.routing.timeoutMs,
    idleTimeoutMs: runtime.config.routing.streamIdleTimeoutMs,
    lines: describeRefusal(exchange) + (reservation?.lines ?? ''),
  })
  const outcome = await call.outcome
  const error = rest?.problem instanceof GatewayError ? rest.problem : outcome.error
  const finished = { exchange, caller, target, place, model, startedAt, outcome, error, reservation }
  settlePassThrough(gateway, prices, finished)
  if (exchange.clientGone) throw new ClientGone()
  if (error !== null && !exchange.response.headersSent) throw error
}

/** Raw calls count like others; of what they cost nothing is known before. */
async function reserve(
  gateway: Gateway,
  exchange: Exchange,
  caller: Caller,
  model: string,
  bytes: number,
): Promise<Reservation | null> {
  return gateway.governor.admit({
    ...{
      caller,
      requestedModel: model,
      group: { name: model, deployments: [], priceLists: [] },
      operation: 'chat',
    },
    ...{ bytes, body: {}, endUser: null, tags: [], route: exchange.template },
    address: exchange.request.remoteAddress ?? null,
  })
}

/** What the client asked for, without the query and what the gateway is mounted below. */
function pathOf(target: string, rootPath: string): string {
  const [path = ''] = target.split('?', 1)
  return path.startsWith(rootPath) ? path.slice(rootPath.length) : path
}

/** A key that is limited to some models must not reach all of an account. */
function requireEveryModel({ grants, layers }: Caller): void {
  const isLimited = layers.some((layer) => 'list' in layer || !layer.grants.allowsAll)
  if (grants.allowsAll && !isLimited) return
  throw new GatewayError(
    'permission_denied',
    'This key is limited to some models; raw access to a provider reaches all of them. Use the model routes.',
  )
}

function readUploadOf({ request }: Exchange): Promise<UploadHead> {
  return readUpload(request, { wholeBytes, headBytes: wholeBytes, totalBytes }, () => true)
}

function methodOf({ request }: Exchange): UpstreamRequest['method'] {
  return (request.method === 'HEAD' ? 'GET' : request.method) as UpstreamRequest['method']
}
