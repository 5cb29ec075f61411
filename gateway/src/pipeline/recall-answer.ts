import type { FoundAnswer } from '../answer-cache/answer-cache.ts'
import { type CacheControl, readCacheControl } from '../answer-cache/cache-control.ts'
import { cacheKey } from '../answer-cache/cache-key.ts'
import type { CacheConfig } from '../config/config.ts'
import { isTextOperation } from '../conversation/operation.ts'
import type { Keeping } from './cache/caching.ts'
import { followAnswer } from './cache/follow-answer.ts'
import { renderCached } from './cache/render-cached.ts'
import type { Gateway } from './gateway.ts'
import { judgeAnswer } from './guarded/judge-answer.ts'
import type { ModelRequest } from './model-request.ts'
import type { Progress } from './progress.ts'
import { sendWhole } from './send-whole.ts'

/**
 * Answers a request as the same one was answered before, where that is configured; true when it did. Nothing is asked of a
 * provider then, and nothing is charged. Errors: 400, 403 for a `cache` member that cannot be honoured.
 */
export function recallAnswer(
  gateway: Gateway,
  request: ModelRequest,
  progress: Progress,
): boolean | Promise<boolean> {
  const { cache } = request.runtime.config
  if (!cache.isEnabled) return false
  const control = readControl(request, cache)
  if (!isCacheable(request, cache) || !(control.reads || control.writes)) {
    progress.caching = { status: 'BYPASS' }
    return false
  }
  const key = keyOf(request, cache, control)
  const keeps = control.writes ? { ttlMs: control.ttlMs } : null
  progress.caching = { status: control.reads ? 'MISS' : 'BYPASS', key, keeps, settle: null }
  progress.capturesAnswer ||= control.writes
  if (!control.reads) return false
  const found = gateway.answers.find(key, control.maxAgeMs)
  return found instanceof Promise
    ? found.then((answer) => sendOrFollow(gateway, request, progress, { key, keeps, found: answer }))
    : sendOrFollow(gateway, request, progress, { key, keeps, found })
}

interface Recall {
  readonly key: string
  readonly keeps: Keeping | null
  readonly found: FoundAnswer | null
}

function sendOrFollow(
  gateway: Gateway,
  request: ModelRequest,
  progress: Progress,
  { key, keeps, found }: Recall,
): boolean | Promise<boolean> {
  const sent = send(gateway, request, progress, key, found)
  if (sent !== false) return sent
  // Whoever wants a stream would have to wait for its end.
  if (request.stream) return false
  const lead = (): void => {
    if (keeps === null || keeps.ttlMs <= 0) return
    progress.caching = { status: 'MISS', key, keeps, settle: gateway.answers.underWay.lead(key) }
  }
  return followAnswer(gateway, request, key, lead).then((answer) =>
    send(gateway, request, progress, key, answer),
  )
}

function readControl({ body, exchange, caller }: ModelRequest, cache: CacheConfig): CacheControl {
  const header = exchange.header('x-routeiq-cache-control')
  return readCacheControl(body['cache'], header, caller.allowedCacheControls, cache)
}

/** Answers that depend on more than the request, or that nobody would ask for twice, are not kept. */
function isCacheable(request: ModelRequest, cache: CacheConfig): boolean {
  const { operation, body, options, skills, container, upload, isBinary } = request
  if (!cache.operations.has(operation) || upload !== null || isBinary) return false
  if (skills !== null || container !== null) return false
  if (options.mockResponse !== null || options.mockFailure !== null) return false
  if (body['previous_response_id'] != null || body['conversation'] != null) return false
  const { temperature } = body
  return cache.maxTemperature === null || temperature == null || Number(temperature) <= cache.maxTemperature
}

function keyOf(request: ModelRequest, cache: CacheConfig, control: CacheControl): string {
  const { caller, protocol, operation, requestedModel, body } = request
  const { userId, teamId, keyHash } = caller
  return cacheKey(
    { scope: cache.scope, userId, teamId, keyHash },
    {
      dialect: protocol.id,
      operation,
      model: requestedModel,
      namespace: control.namespace ?? cache.namespace,
      body,
    },
  )
}

function send(
  gateway: Gateway,
  request: ModelRequest,
  progress: Progress,
  key: string,
  found: FoundAnswer | null,
): boolean | Promise<true> {
  const rendered = found === null ? null : renderCached(request, found.answer, gateway.blobs)
  if (found === null || rendered === null) return false
  const { plugins } = gateway.identity
  const { pluginCall } = progress
  const isGuarded = plugins?.guardsAnswers === true && isTextOperation(request.operation)
  if (!isGuarded || pluginCall === null) return give(gateway, request, progress, key, found, rendered)
  const form = request.stream ? { isStream: true as const } : {}
  const reply = { body: rendered, usage: found.answer.usage, ...form }
  return judgeAnswer(gateway, plugins, request, pluginCall, reply).then(({ body }) =>
    give(gateway, request, progress, key, found, body),
  )
}

function give(
  gateway: Gateway,
  request: ModelRequest,
  progress: Progress,
  key: string,
  { answer, tier }: FoundAnswer,
  rendered: Buffer | string,
): true {
  progress.caching = { status: 'HIT', key, tier, ageMs: gateway.now() - answer.storedAt }
  progress.deployment = request.runtime.routing.byDeploymentId.get(answer.deploymentId) ?? null
  progress.usage = answer.usage
  progress.costPico = 0n
  if (progress.capturesAnswer) progress.captured = { ...answer, text: () => answer.text }
  sendWhole(request, progress, rendered)
  return true
}
