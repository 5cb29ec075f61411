import type { Deployment, Operation } from '../deployments/deployment.ts'
import type { RealUse } from '../governance/held-call.ts'
import type { Caller } from '../identity/caller.ts'
import type { AnswerFacts } from '../injection/turn-reports.ts'
import { billColumns } from '../pricing/bill-columns.ts'
import { picoPerUsd } from '../pricing/prices.ts'
import type { SpendRow } from '../storage/ledger/spend-row.ts'
import type { RequestRecord } from '../telemetry/request-record.ts'
import { keepAnswer } from './cache/keep-answer.ts'
import { hashClientAddress } from './client-address.ts'
import { describeDropped } from './describe-dropped.ts'
import type { Gateway } from './gateway.ts'
import { rememberConversation } from './hold-conversation.ts'
import type { Arrival, ModelRequest } from './model-request.ts'
import type { Progress, RoundBill } from './progress.ts'
import { readQuery } from './read-query.ts'
import { settleChoice } from './settle-choice.ts'
import { tellPlugins } from './tell-plugins.ts'
import { lastBill, totalBill } from './total-bill.ts'

const clientClosedRequest = 499
const callTypes: Readonly<Record<Operation, string>> = {
  chat: 'acompletion',
  completion: 'atext_completion',
  embedding: 'aembedding',
  'image-generation': 'aimage_generation',
  'image-edit': 'aimage_edit',
  transcription: 'atranscription',
  translation: 'atranslation',
  speech: 'aspeech',
  moderation: 'amoderation',
  rerank: 'arerank',
}

/**
 * Runs once for every request on every way out: the record for logs and metrics, and the ledger row. `operation` is
 * null for what is no call of a model.
 */
export function settle(
  gateway: Gateway,
  arrival: Arrival,
  request: ModelRequest | null,
  progress: Progress,
  operation: Operation | null = arrival.operation,
): void {
  const { exchange } = arrival
  exchange.whenClientGone(null)
  const record = describe(gateway, arrival, operation, request, progress)
  const isAnswered = progress.attempts > 0 || record.cacheHit
  progress.reservation?.settle(realUse(record), isAnswered)
  gateway.recordRequest(record)
  if (request !== null && isAnswered) appendRows(gateway, record, request, progress)
  if (request !== null && progress.choice !== null && progress.attempts > 0)
    gateway.settleChoice(settleChoice(request, progress.choice, progress, record))
  rememberConversation(gateway, progress)
  if (request !== null) keepAnswer(gateway, request, progress)
  if (request !== null && progress.pluginCall !== null) tellPlugins(gateway, request, progress, record)
  progress.skills?.settle?.(describeAnswer(record, progress))
}

/** What counts against limits: nothing where no provider was asked, or none said what it used. */
export function realUse({ usage, costPico, cacheHit }: RequestRecord): RealUse | null {
  // What was answered before counts as a request and nothing else.
  if (cacheHit) return { inputTokens: 0, outputTokens: 0, costPico: 0n }
  if (usage === null && costPico === null) return null
  return { inputTokens: usage?.inputTokens ?? 0, outputTokens: usage?.outputTokens ?? 0, costPico }
}

/** What the trace of a turn with skills says of its answer. */
function describeAnswer(record: RequestRecord, progress: Progress): AnswerFacts {
  return {
    isSuccess: record.status < 400 && record.errorCode === null,
    errorCode: record.errorCode,
    model: record.target?.upstreamModel ?? record.requestedModel ?? '',
    provider: record.target?.provider ?? '',
    startedAt: record.startedAt,
    endedAt: record.endedAt,
    calls: [...progress.rounds, lastBill(progress)].map(({ usage, total }) => ({
      usage,
      cost: total === null ? null : Number(total) / picoPerUsd,
    })),
  }
}

/** One row for every call behind the answer. */
function appendRows(
  gateway: Gateway,
  record: RequestRecord,
  request: ModelRequest,
  progress: Progress,
): void {
  const { rounds } = progress
  const last = spendRow(record, request, lastBill(progress), progress)
  if (rounds.length === 0) {
    gateway.appendSpend(last)
    return
  }
  // Calls of other deployments were attempts of their own; what one deployment was asked again is counted from here.
  const counted = rounds.filter(({ deployment }) => deployment !== undefined).length
  const row = { ...last, attempt: last.attempt - counted }
  for (const [at, round] of rounds.entries()) {
    const bill = billColumns(round.total, round.parts)
    const target = round.deployment === undefined ? {} : targetColumns(round.deployment)
    const own = { usage: round.usage, estimated: false, attempt: row.attempt + at }
    gateway.appendSpend({ ...row, ...target, ...bill, ...own })
  }
  gateway.appendSpend({ ...row, attempt: row.attempt + rounds.length })
}

/** Whose call a row is about. */
function targetColumns(
  deployment: Deployment,
): Pick<SpendRow, 'modelGroup' | 'deploymentId' | 'provider' | 'upstreamModel' | 'apiBase'> {
  const { deploymentId, provider, upstreamModel, apiBase } = deployment.target
  return { modelGroup: deployment.group, deploymentId, provider, upstreamModel, apiBase }
}

function describe(
  gateway: Gateway,
  { exchange, protocol }: Arrival,
  operation: Operation | null,
  request: ModelRequest | null,
  progress: Progress,
): RequestRecord {
  const { clientGone } = exchange
  const { caller, deployment, error } = progress
  const total = progress.rounds.length === 0 ? lastBill(progress) : totalBill(progress)
  const toEpoch = (monotonic: number): number => exchange.receivedAt + (monotonic - exchange.startedAt)
  return {
    requestId: exchange.requestId,
    isOwnId: exchange.isOwnId,
    callId: exchange.header('x-litellm-call-id') ?? exchange.requestId,
    traceId: exchange.trace?.traceId ?? readTraceId(exchange.header('traceparent')),
    trace: exchange.trace,
    startedAt: exchange.receivedAt,
    endedAt: toEpoch(performance.now()),
    firstByteAt: progress.firstByteAt === null ? null : toEpoch(progress.firstByteAt),
    upstreamMs: upstreamMs(progress),
    routingMs: progress.attempts === 0 ? null : progress.routingMs,
    method: exchange.request.method,
    template: exchange.template,
    dialect: protocol.id,
    operation,
    status: clientGone && progress.status === 0 ? clientClosedRequest : progress.status,
    errorCode: error?.code ?? null,
    errorType: error?.entry.type ?? null,
    errorOrigin: error?.origin ?? null,
    stream: request?.stream ?? false,
    clientDisconnected: clientGone,
    cacheHit: progress.caching?.status === 'HIT',
    caller: describeCaller(caller),
    endUser: request?.options.endUser ?? null,
    tags: tagsOf(caller, request?.options.tags ?? untagged),
    requestedModel: request?.requestedModel ?? null,
    group: deployment?.group ?? null,
    target: deployment?.target ?? null,
    responseModel: null,
    reasoningEnabled: request?.body['reasoning_effort'] !== undefined,
    strategy: progress.strategy,
    strategyFellBack: progress.strategyFellBack,
    choice: recordChoice(progress),
    dropped: describeDropped(progress.dropped),
    contextTokensSaved: progress.contextTokensSaved,
    attempts: progress.attempts,
    failedAttempts: progress.failedAttempts,
    fallbacks: progress.fallbacks,
    usage: total.usage,
    usageEstimated: progress.usageEstimated || total.usage?.isEstimate === true,
    costPico: total.total,
    queryLength: request === null ? null : request.bytes.length,
    query: request === null ? null : readQuery(gateway, request, progress),
    clientIp: exchange.request.remoteAddress ?? null,
  }
}

function recordChoice({ choice }: Progress): RequestRecord['choice'] {
  if (choice === null) return null
  const { decisionId, decision, reasons } = choice
  return { decisionId, domain: decision.domain?.label ?? null, reason: reasons[0] ?? 'best_utility' }
}

const untagged: readonly string[] = []

/** Those the request brings, and those of its key and team, each once. */
function tagsOf(caller: Caller | null, given: readonly string[]): readonly string[] {
  const own = caller?.tags ?? untagged
  return own.length === 0 ? given : [...new Set([...given, ...own])]
}

const callers = new WeakMap<Caller, RequestRecord['caller']>()
const nobody = describeCredential(null)

/** A caller as text, one object for all its requests. */
function describeCaller(caller: Caller | null): RequestRecord['caller'] {
  if (caller === null) return nobody
  let described = callers.get(caller)
  if (described === undefined) {
    described = describeCredential(caller)
    callers.set(caller, described)
  }
  return described
}

function describeCredential(caller: Caller | null): RequestRecord['caller'] {
  return {
    kind: callerKind(caller),
    keyHash: caller?.keyHash ?? null,
    keyAlias: caller?.keyAlias ?? null,
    userId: caller?.userId ?? null,
    teamId: caller?.teamId ?? null,
    organizationId: caller?.organizationId ?? null,
  }
}

/** The master key counts among the admin keys. */
function callerKind(caller: Caller | null): RequestRecord['caller']['kind'] {
  if (caller === null || caller.kind === 'anonymous') return 'anonymous'
  return caller.kind === 'key' ? 'key' : 'admin'
}

function upstreamMs({ upstreamStartedAt, upstreamEndedAt }: Progress): number | null {
  return upstreamStartedAt === null || upstreamEndedAt === null ? null : upstreamEndedAt - upstreamStartedAt
}

function readTraceId(traceparent: string | null): string | null {
  const match = traceparent === null ? null : /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-/.exec(traceparent)
  return match?.[1] ?? null
}

function spendRow(
  record: RequestRecord,
  request: ModelRequest,
  bill: RoundBill,
  progress: Progress,
): SpendRow {
  const { costNanoUsd, grossNanoUsd, discountNanoUsd, marginNanoUsd } = billColumns(bill.total, bill.parts)
  return {
    requestId: record.requestId,
    attempt: record.attempts,
    callType: callTypes[request.operation],
    dialect: request.protocol.id,
    startedAt: record.startedAt,
    firstTokenAt: record.firstByteAt,
    endedAt: record.endedAt,
    keyHash: record.caller.keyHash,
    userId: record.caller.userId,
    teamId: record.caller.teamId,
    organizationId: record.caller.organizationId,
    workspaceId: request.caller.governance?.workspaceId ?? null,
    endUser: record.endUser,
    tags: record.tags,
    requestedModel: request.requestedModel,
    modelGroup: record.group,
    deploymentId: record.target?.deploymentId ?? null,
    provider: record.target?.provider ?? null,
    upstreamModel: record.target?.upstreamModel ?? null,
    apiBase: record.target?.apiBase ?? null,
    status: record.status,
    errorCode: record.errorCode,
    usage: bill.usage,
    estimated: record.usageEstimated,
    costNanoUsd,
    grossNanoUsd,
    discountNanoUsd,
    marginNanoUsd,
    cacheHit: record.cacheHit,
    strategy: record.strategy,
    retries: Math.max(0, record.attempts - 1 - record.fallbacks),
    fallbacks: progress.fallbacks,
    sessionId: request.options.sessionId,
    clientIpHash: hashClientAddress(record.clientIp),
  }
}
