import type { FoundAnswer } from '../answer-cache/answer-cache.ts'
import { type CacheControl, readCacheControl } from '../answer-cache/cache-control.ts'
import { cacheKey } from '../answer-cache/cache-key.ts'
import type { Question } from '../answer-cache/similar-questions.ts'
import type { CacheConfig } from '../config/config.ts'
import { isTextOperation } from '../conversation/operation.ts'
import type { Caching } from './cache/caching.ts'
import { followAnswer } from './cache/follow-answer.ts'
import { readQuestion } from './cache/read-question.ts'
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
  const found = control.reads ? gateway.answers.find(key, control.maxAgeMs) : null
  return found instanceof Promise
    ? found.then((answer) => sendOrAsk(gateway, request, progress, { key, control, found: answer }))
    : sendOrAsk(gateway, request, progress, { key, control, found })
}

interface Recall {
  readonly key: string
  readonly control: CacheControl
  readonly found: FoundAnswer | null
}

function sendOrAsk(
  gateway: Gateway,
  request: ModelRequest,
  progress: Progress,
  { key, control, found }: Recall,
): boolean | Promise<boolean> {
  const sent = send(gateway, request, progress, key, found)
  if (sent !== false) return sent
  const { reads, writes, ttlMs } = control
  const question = questionOf(gateway, request, control)
  const keeps = writes ? { ttlMs, question } : null
  const caching = { status: reads ? 'MISS' : 'BYPASS', key, keeps, settle: null } as const
  progress.caching = caching
  progress.capturesAnswer ||= writes
  return reads && recallFromOthers(gateway, request, progress, { caching, question, control })
}

interface Miss {
  readonly caching: Extract<Caching, { readonly settle: unknown }>
  readonly question: Question | null
  readonly control: CacheControl
}

/** The answer to a similar question, or the one that an equal request is getting right now. */
async function recallFromOthers(
  gateway: Gateway,
  request: ModelRequest,
  progress: Progress,
  { caching, question, control }: Miss,
): Promise<boolean> {
  const { key } = caching
  const { similarity } = request.runtime.config.cache
  if (question !== null && similarity !== null) {
    const similar = await gateway.answers.findSimilar(question, similarity.threshold, control.maxAgeMs)
    if (await send(gateway, request, progress, key, similar)) return true
  }
  // Whoever wants a stream would have to wait for its end.
  if (request.stream) return false
  const lead = (): void => {
    if (control.writes && control.ttlMs > 0)
      progress.caching = { ...caching, settle: gateway.answers.underWay.lead(key) }
  }
  return send(gateway, request, progress, key, await followAnswer(gateway, request, key, lead))
}

function questionOf(gateway: Gateway, request: ModelRequest, control: CacheControl): Question | null {
  const { similarity, namespace, scope } = request.runtime.config.cache
  if (similarity === null) return null
  const { userId, teamId, keyHash } = request.caller
  const who = { scope, userId, teamId, keyHash }
  const name = { namespace: control.namespace ?? namespace, within: similarity.within }
  return readQuestion(gateway.answers.questions, request, who, name)
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
  { answer, tier, similarity }: FoundAnswer,
  rendered: Buffer | string,
): true {
  const ageMs = gateway.now() - answer.storedAt
  progress.caching = { status: 'HIT', key, tier, ageMs, similarity }
  progress.deployment = request.runtime.routing.byDeploymentId.get(answer.deploymentId) ?? null
  progress.usage = answer.usage
  progress.costPico = 0n
  if (progress.capturesAnswer) progress.captured = { ...answer, text: () => answer.text }
  sendWhole(request, progress, rendered)
  return true
}
