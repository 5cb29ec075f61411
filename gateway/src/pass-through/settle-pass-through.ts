import type { GatewayError } from '@routeiq/contract'
import type { Reservation } from '../governance/held-call.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Caller } from '../identity/caller.ts'
import { hashClientAddress } from '../pipeline/client-address.ts'
import type { Gateway } from '../pipeline/gateway.ts'
import { realUse } from '../pipeline/settle.ts'
import { type AdjustedCost, adjustCost } from '../pricing/adjust-cost.ts'
import { billColumns } from '../pricing/bill-columns.ts'
import { computeCost } from '../pricing/compute-cost.ts'
import { stripModelName } from '../pricing/find-prices.ts'
import { parsePico } from '../pricing/parse-pico.ts'
import type { PriceTable } from '../pricing/price-table.ts'
import { type RequestRecord, withoutPipeline } from '../telemetry/request-record.ts'
import type { CallPlace } from './join-path.ts'
import type { PassThroughTarget } from './pass-through-target.ts'
import type { RawOutcome } from './raw-call.ts'

/** One raw call that is over. */
export interface FinishedCall {
  readonly exchange: Exchange
  readonly caller: Caller
  readonly target: PassThroughTarget
  readonly place: CallPlace
  readonly model: string | null
  /** Monotonic milliseconds. */
  readonly startedAt: number
  readonly outcome: RawOutcome
  readonly error: GatewayError | null
  /** What was held against limits for it. */
  readonly reservation: Reservation | null
}

const clientClosedRequest = 499

/** The record and the ledger row of a raw call. */
export function settlePassThrough(gateway: Gateway, prices: PriceTable, call: FinishedCall): void {
  const { exchange, caller, target, model } = call
  exchange.whenClientGone(null)
  const { total, parts } = findCost(prices, call)
  const record = describe(call, total)
  call.reservation?.settle(realUse(record))
  gateway.recordRequest(record)
  const { keyHash, userId, teamId, organizationId } = caller
  gateway.appendSpend({
    requestId: record.requestId,
    attempt: 1,
    callType: 'pass_through_endpoint',
    dialect: target.dialect,
    startedAt: record.startedAt,
    firstTokenAt: record.firstByteAt,
    endedAt: record.endedAt,
    keyHash,
    userId,
    teamId,
    organizationId,
    workspaceId: caller.governance?.workspaceId ?? null,
    endUser: null,
    tags: record.tags,
    requestedModel: model ?? target.prefix,
    modelGroup: null,
    deploymentId: null,
    provider: target.provider,
    upstreamModel: model,
    apiBase: record.target?.apiBase ?? null,
    status: record.status,
    errorCode: record.errorCode,
    usage: record.usage,
    estimated: false,
    ...billColumns(total, parts),
    cacheHit: false,
    strategy: null,
    retries: 0,
    fallbacks: 0,
    sessionId: null,
    clientIpHash: hashClientAddress(record.clientIp),
  })
}

/** The fixed price of an endpoint, else what usage costs at the model's list price; null when unknown. */
function findCost(prices: PriceTable, { target, model, outcome }: FinishedCall): Cost {
  if (outcome.status === 0 || outcome.status >= 400) return unknownCost
  if (target.costPerRequest !== null) return { total: parsePico(target.costPerRequest), parts: null }
  if (outcome.usage === null || model === null) return unknownCost
  const bare = stripModelName(model)
  const entry = prices.get(`${target.provider}/${model}`) ?? prices.get(model) ?? prices.get(bare)
  const gross = entry?.prices == null ? null : computeCost(entry.prices, outcome.usage)
  if (gross === null || target.adjustment === null) return { total: gross, parts: null }
  const parts = adjustCost(gross, target.adjustment)
  return { total: parts.total, parts }
}

/** In pico-USD; the parts only where the operator adjusts list prices. */
interface Cost {
  readonly total: bigint | null
  readonly parts: AdjustedCost | null
}

const unknownCost: Cost = { total: null, parts: null }

function describe(call: FinishedCall, costPico: bigint | null): RequestRecord {
  const { exchange, caller, target, place, model, startedAt, outcome, error } = call
  const toEpoch = (monotonic: number): number => exchange.receivedAt + (monotonic - exchange.startedAt)
  const now = performance.now()
  const { keyHash, keyAlias, userId, teamId, organizationId } = caller
  const kind = caller.kind === 'master' ? 'admin' : caller.kind
  const status = outcome.status !== 0 ? outcome.status : (error?.status ?? clientClosedRequest)
  return {
    ...withoutPipeline,
    requestId: exchange.requestId,
    callId: exchange.header('x-litellm-call-id') ?? exchange.requestId,
    startedAt: exchange.receivedAt,
    endedAt: toEpoch(now),
    firstByteAt: outcome.firstByteAt === null ? null : toEpoch(outcome.firstByteAt),
    upstreamMs: now - startedAt,
    method: exchange.request.method,
    template: exchange.template,
    dialect: target.dialect,
    status,
    errorCode: error?.code ?? null,
    errorType: error?.entry.type ?? null,
    errorOrigin: error?.origin ?? null,
    stream: outcome.isStream,
    clientDisconnected: exchange.clientGone,
    caller: { kind, keyHash, keyAlias, userId, teamId, organizationId },
    tags: caller.tags,
    requestedModel: model,
    target: {
      deploymentId: target.prefix,
      provider: target.provider ?? 'custom',
      upstreamModel: model ?? '',
      apiBase: place.origin + target.basePath,
    },
    usage: outcome.usage,
    costPico,
    clientIp: exchange.request.remoteAddress ?? null,
  }
}
