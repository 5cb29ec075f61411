import { setTimeout as sleep } from 'node:timers/promises'
import { GatewayError } from '@routeiq/contract'
import type { AttemptPlan, PlannedAttempt } from '../balancing/attempt-plan.ts'
import type { Deployment } from '../deployments/deployment.ts'
import { ClientGone } from '../http/read-body.ts'
import { picoPerUsd } from '../pricing/prices.ts'
import type { UpstreamFailure } from '../providers/failure.ts'
import type { AttemptResult, StreamingCall } from '../relay/attempt.ts'
import { CostedStream } from '../relay/costed-stream.ts'
import type { StreamRelay } from '../relay/relay.ts'
import { transportTo } from './agent-models.ts'
import { CapturedStream } from './cache/captured-stream.ts'
import { describeUpstreamFailure } from './describe-upstream-failure.ts'
import type { Gateway } from './gateway.ts'
import { prepareMockExchange } from './mock-exchange.ts'
import { mockFailureOf } from './mock-failure.ts'
import type { ModelRequest } from './model-request.ts'
import { priceOf } from './price-answer.ts'
import type { Progress } from './progress.ts'
import { callWithSkills } from './skills/call-with-skills.ts'
import { equipAttempt } from './skills/equip-attempt.ts'
import { equipShell } from './skills/equip-shell.ts'
import type { RequestContainer } from './skills/request-container.ts'
import { ShellContainer } from './skills/shell-container.ts'
import { startAttempt, verdictOf } from './start-attempt.ts'
import { prepareExchange } from './upstream-exchange.ts'

/** An upstream answer: complete, or a stream whose first event has arrived. */
export interface Answer {
  readonly attempt: StreamingCall
  readonly planned: PlannedAttempt
  readonly result: Exclude<AttemptResult, { kind: 'failure' | 'cancelled' }>
  readonly relay: StreamRelay | null
}

/**
 * The one loop around upstream calls: asks the plan for a deployment, calls it, and tells the plan how it went,
 * until there is an answer or the plan gives up. Throws the last failure as GatewayError.
 */
export async function call(
  gateway: Gateway,
  request: ModelRequest,
  plan: AttemptPlan,
  progress: Progress,
): Promise<Answer> {
  for (;;) {
    const planned = enforceConfig(request, nextAttempt(gateway, plan, progress))
    const mocked = mockFailureOf(request, plan)
    const outcome = mocked ?? (await callOnce(gateway, request, planned, progress))
    progress.upstreamEndedAt = performance.now()
    if ('result' in outcome) return outcome
    if (request.exchange.clientGone) {
      plan.abort()
      throw new ClientGone()
    }
    const rest = request.upload?.rest ?? null
    if (rest !== null && rest.problem !== null) {
      plan.abort()
      throw rest.problem
    }
    const decision = plan.fail(outcome, mocked === null)
    noteFailure(progress, planned, outcome, gateway.now())
    progress.fallbacks = plan.fallbacks
    // What has been taken from a form on its way cannot be sent a second time.
    if (decision.action === 'stop' || rest?.consumed === true) throw exhausted(outcome, planned, plan)
    if (decision.delayMs > 0) await pause(request, decision.delayMs)
  }
}

function nextAttempt(gateway: Gateway, plan: AttemptPlan, progress: Progress): PlannedAttempt {
  const startedAt = performance.now()
  const planned = plan.next()
  progress.routingMs += performance.now() - startedAt
  if (planned instanceof GatewayError) {
    // A precise upstream error says more than "nothing is left to try".
    throw plan.lastFailure === null || progress.deployment === null
      ? planned
      : describeUpstreamFailure(plan.lastFailure, progress.deployment)
  }
  progress.upstreamStartedAt ??= startedAt
  progress.deployment = planned.deployment
  progress.strategy = progress.choice?.decision.strategy ?? gateway.strategy().name
  progress.strategyFellBack ||= planned.pick.fallbackTriggered
  progress.attempts = plan.attempts
  progress.fallbacks = plan.fallbacks
  return planned
}

/** The members the governance of the key gives every request, or those that lack them where requests may say otherwise. */
function enforceConfig({ caller, body }: ModelRequest, planned: PlannedAttempt): PlannedAttempt {
  const config = caller.governance?.enforcedConfig ?? null
  if (config === null) return planned
  const given = Object.entries(config).filter(
    ([name]) => caller.governance?.mayOverride === false || body[name] === undefined,
  )
  return { ...planned, overrides: { ...planned.overrides, ...Object.fromEntries(given) } }
}

/** Sends one attempt and waits for its first verdict. Requests the wire cannot carry reject and are not retried. */
function callOnce(
  gateway: Gateway,
  request: ModelRequest,
  planned: PlannedAttempt,
  progress: Progress,
): Promise<Answer | UpstreamFailure> {
  // After a fallback the answer bears the name of the group that gave it.
  const answering = progress.fallbacks === 0 ? request : { ...request, requestedModel: planned.group.name }
  const isMocked = (request.options.mockResponse ?? planned.deployment.mockResponse) !== null
  if (request.container === null || isMocked) return sendOnce(gateway, answering, planned, progress)
  return callWithContainer(gateway, answering, request.container, planned, progress)
}

/** A copy of a skill that has gone at the vendor is made anew, once. */
async function callWithContainer(
  gateway: Gateway,
  request: ModelRequest,
  container: RequestContainer | ShellContainer,
  planned: PlannedAttempt,
  progress: Progress,
): Promise<Answer | UpstreamFailure> {
  const equip = () =>
    container instanceof ShellContainer
      ? equipShell(gateway, request, container, planned, progress)
      : equipAttempt(gateway, request, container, planned, progress)
  const first = await equip()
  const outcome = await sendOnce(gateway, first.request, first.planned, progress)
  if ('result' in outcome || !(await first.forgetLost(outcome))) return outcome
  const second = await equip()
  return sendOnce(gateway, second.request, second.planned, progress)
}

async function sendOnce(
  gateway: Gateway,
  request: ModelRequest,
  planned: PlannedAttempt,
  progress: Progress,
): Promise<Answer | UpstreamFailure> {
  const { deployment } = planned
  if (request.skills !== null) return callWithSkills(gateway, request, request.skills, planned, progress)
  const mockText = request.options.mockResponse ?? deployment.mockResponse
  const preparing =
    mockText === null
      ? prepareExchange(request, planned, gateway)
      : prepareMockExchange(request, deployment, mockText, gateway.blobs)
  // What takes no time is not waited for: nearly every exchange.
  const prepared = preparing instanceof Promise ? await preparing : preparing
  const relay = tellCost(request, deployment, capture(prepared.relay, progress))
  progress.dropped = prepared.dropped
  const transport = mockText === null ? transportTo(deployment, gateway, request) : gateway.mockTransport
  const sent = relay === prepared.relay ? prepared : { ...prepared, relay }
  const attempt = startAttempt(transport, request, planned, sent)
  request.exchange.whenClientGone(() => attempt.cancel())
  const result = verdictOf(attempt, await attempt.result, progress)
  if (result.kind !== 'failure') return { attempt, planned, result, relay }
  progress.failedFields = attempt.fields
  return result.failure
}

/** The stream's text is remembered where somebody wants its answer later. */
function capture(relay: StreamRelay | null, progress: Progress): StreamRelay | null {
  if (relay === null || !progress.capturesAnswer) return relay
  const captured = new CapturedStream(relay)
  progress.captured = captured
  return captured
}

/** Streams have no header for what they cost, so clients may ask for it in the last event. */
function tellCost(
  { options, isBinary }: ModelRequest,
  deployment: Deployment,
  relay: StreamRelay | null,
): StreamRelay | null {
  if (relay === null || isBinary || !options.includeCost) return relay
  return new CostedStream(relay, (usage) => {
    const { total } = priceOf(deployment, usage, relay.terms)
    return total === null ? null : Number(total) / picoPerUsd
  })
}

function noteFailure(
  progress: Progress,
  { deployment, group }: PlannedAttempt,
  failure: UpstreamFailure,
  now: number,
): void {
  progress.failedAttempts.push({
    group: group.name,
    target: deployment.target,
    kind: failure.kind,
    status: failure.status,
    cooledDown: deployment.state.isCoolingDown(now),
  })
}

function exhausted(
  failure: UpstreamFailure,
  { deployment }: PlannedAttempt,
  plan: AttemptPlan,
): GatewayError {
  const error = describeUpstreamFailure(failure, deployment)
  const suffix = plan.describeExhaustion()
  return suffix === '' ? error : new GatewayError(error.code, `${error.message}${suffix}`, error.options)
}

async function pause(request: ModelRequest, delayMs: number): Promise<void> {
  const leaving = new AbortController()
  request.exchange.whenClientGone(() => leaving.abort())
  try {
    await sleep(delayMs, undefined, { signal: leaving.signal })
  } catch {
    throw new ClientGone()
  }
}
