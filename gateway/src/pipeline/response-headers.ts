import type { Deployment } from '../deployments/deployment.ts'
import type { Exchange } from '../http/exchange.ts'
import { headLine } from '../http/server/head-line.ts'
import type { Caller } from '../identity/caller.ts'
import { describeDecision } from '../model-routing/describe-decision.ts'
import type { ModelChoice } from '../model-routing/model-choice.ts'
import type { AdjustedCost } from '../pricing/adjust-cost.ts'
import { version } from '../version.ts'
import type { Caching } from './cache/caching.ts'
import { describeDeployment } from './describe-deployment.ts'
import { describeDropped } from './describe-dropped.ts'
import type { ModelRequest } from './model-request.ts'
import type { Progress } from './progress.ts'
import { describeSkills } from './skills/describe-skills.ts'
import { lastBill, totalBill } from './total-bill.ts'

/** Decimal places of an amount in 10⁻¹² USD. */
const picoDigits = 12
const zero = 0x30
const identity = headLine('x-litellm-version', version) + headLine('x-routeiq-version', version)
const linesOfCaller = new WeakMap<Caller, string>()

/** The head lines of a refusal that came before the request was read. */
export function describeRefusal(exchange: Exchange): string {
  const callId = exchange.header('x-litellm-call-id')
  return (
    identity +
    (callId === null ? `x-litellm-call-id: ${exchange.requestId}\r\n` : headLine('x-litellm-call-id', callId))
  )
}

/** The head lines of every other data-plane answer, error or not. */
export function describeResponse(request: ModelRequest, progress: Progress, now: number): string {
  const { exchange, options, runtime } = request
  const durationMs = now - exchange.startedAt
  const overheadMs = durationMs - upstreamDuration(progress, now)
  let lines =
    describeRefusal(exchange) +
    `x-litellm-response-duration-ms: ${durationMs.toFixed(2)}\r\nx-litellm-overhead-duration-ms: ${overheadMs.toFixed(2)}\r\n` +
    describeEffort(progress, runtime.config.routing.maxFallbacks) +
    describeKey(request.caller)
  if (progress.reservation !== null) lines += progress.reservation.lines
  if (progress.deployment !== null && !progress.isUndecided)
    lines += `${describeDeployment(progress.deployment)}${describeTier(progress)}x-routeiq-strategy: ${progress.strategy ?? ''}\r\n`
  if (progress.choice !== null) {
    if (!progress.isUndecided) lines += describeArm(progress.choice, progress.deployment)
    lines += describeChoice(progress.choice)
    if (isWanted(exchange.header('x-routeiq-explain'))) lines += explainChoice(progress.choice)
  }
  const dropped = describeDropped(progress.dropped)
  if (dropped !== null) lines += headLine('x-routeiq-dropped', dropped)
  if (options.timeoutMs !== null) lines += `x-litellm-timeout: ${options.timeoutMs / 1000}\r\n`
  const { total, parts } = progress.rounds.length === 0 ? lastBill(progress) : totalBill(progress)
  if (total !== null) lines += describeCost(total, parts)
  if (progress.guards !== '') lines += headLine('x-litellm-applied-guardrails', progress.guards)
  if (progress.contextTokensSaved > 0) lines += `x-routeiq-tokens-saved: ${progress.contextTokensSaved}\r\n`
  if (progress.caching !== null) lines += describeCaching(progress.caching)
  if (progress.skills !== null) lines += describeSkills(progress.skills.outcome, !request.stream)
  return progress.stageEnds === null ? lines : lines + describeStages(exchange.startedAt, progress.stageEnds)
}

function describeCaching(caching: Caching): string {
  const lines = `x-routeiq-cache: ${caching.status}\r\n`
  const named = caching.key === undefined ? lines : lines + headLine('x-litellm-cache-key', caching.key)
  if (caching.status !== 'HIT') return named
  const { tier, ageMs, similarity } = caching
  const likeness = similarity === undefined ? '' : `x-litellm-semantic-similarity: ${similarity}\r\n`
  return `${named}${likeness}x-routeiq-cache-tier: ${tier}\r\nx-routeiq-cache-age: ${Math.max(0, Math.floor(ageMs / 1000))}\r\n`
}

/** The parts of the bill are told where the operator adjusts list prices. */
function describeCost(total: bigint, parts: AdjustedCost | null): string {
  const line = `x-litellm-response-cost: ${formatUsd(total)}\r\n`
  if (parts === null) return line
  const { gross, discount, margin } = parts
  const net = gross - discount
  const percent = net === 0n ? 0 : Number((margin * 1_000_000n) / net) / 10_000
  return (
    line +
    `x-litellm-response-cost-original: ${formatUsd(gross)}\r\n` +
    `x-litellm-response-cost-discount-amount: ${formatUsd(discount)}\r\n` +
    `x-litellm-response-cost-margin-amount: ${formatUsd(margin)}\r\n` +
    `x-litellm-response-cost-margin-percent: ${percent}\r\n`
  )
}

/** What the key is limited to, formatted once; nothing for callers without limits. */
function describeKey(caller: Caller): string {
  let lines = linesOfCaller.get(caller)
  if (lines === undefined) {
    const { maxBudgetUsd, tokensPerMinute, requestsPerMinute } = caller.limits
    lines =
      (maxBudgetUsd === null ? '' : headLine('x-litellm-key-max-budget', String(maxBudgetUsd))) +
      (tokensPerMinute === null ? '' : headLine('x-litellm-key-tpm-limit', String(tokensPerMinute))) +
      (requestsPerMinute === null ? '' : headLine('x-litellm-key-rpm-limit', String(requestsPerMinute)))
    linesOfCaller.set(caller, lines)
  }
  return lines
}

function describeEffort({ attempts, fallbacks }: Progress, maxFallbacks: number): string {
  return (
    `x-litellm-attempted-retries: ${Math.max(0, attempts - 1 - fallbacks)}\r\n` +
    `x-litellm-attempted-fallbacks: ${fallbacks}\r\nx-litellm-max-fallbacks: ${maxFallbacks}\r\n`
  )
}

function upstreamDuration(progress: Progress, now: number): number {
  if (progress.upstreamStartedAt === null) return 0
  return (progress.upstreamEndedAt ?? now) - progress.upstreamStartedAt
}

/** How demanding the request is, where a model was chosen for it; else what the operator means the deployment for. */
function describeTier({ choice, deployment }: Progress): string {
  const tier = choice?.decision.tier ?? deployment?.tier ?? null
  return tier === null ? '' : headLine('x-routeiq-tier', tier)
}

/** Which model was chosen. */
function describeArm({ routed, chosen }: ModelChoice, deployment: Deployment | null): string {
  const answering = deployment === null ? undefined : routed.armOf.get(deployment)
  return headLine('x-routeiq-selected-arm', answering?.name ?? chosen)
}

/** How it was chosen, and the handle for feedback on it. */
function describeChoice(choice: ModelChoice): string {
  const { decision, affinity, experiment, ignored, fallbackReason } = choice
  return (
    headLine('x-routeiq-decision-id', choice.decisionId) +
    headLine('x-routeiq-profile', choice.profile) +
    (fallbackReason === null ? '' : headLine('x-routeiq-fallback-reason', fallbackReason)) +
    (decision.domain === null ? '' : headLine('x-routeiq-domain', decision.domain.label)) +
    headLine('x-routeiq-affinity', affinity.action) +
    (experiment === null
      ? ''
      : headLine('x-routeiq-experiment', `${experiment.experimentId};variant=${experiment.variant.name}`)) +
    (ignored.length === 0
      ? ''
      : headLine(
          'x-routeiq-warning',
          `ignored without the permission router.override: ${ignored.join(', ')}`,
        ))
  )
}

const isWanted = (header: string | null): boolean => header !== null && !['', '0', 'false'].includes(header)

const explained = 3
const mostExplainedBytes = 1_024

/** The best candidates as base64url JSON, as many as fit. */
function explainChoice(choice: ModelChoice): string {
  const { candidates, reasons } = describeDecision(choice)
  for (let count = explained; count > 0; count--) {
    const top = candidates
      .slice(0, count)
      .map(({ model, q, sigma, cost_usd, utility, score }) => ({ model, q, sigma, cost_usd, utility, score }))
    const text = Buffer.from(JSON.stringify({ candidates: top, reasons })).toString('base64url')
    if (text.length <= mostExplainedBytes) return headLine('x-routeiq-explain', text)
  }
  return ''
}

/** Plain decimal notation without an exponent, and without zeros at the end. */
export function formatUsd(pico: bigint): string {
  if (pico < 0n) return `-${formatUsd(-pico)}`
  const digits = pico.toString().padStart(picoDigits + 1, '0')
  const point = digits.length - picoDigits
  let end = digits.length
  while (end > point && digits.charCodeAt(end - 1) === zero) end -= 1
  const whole = digits.slice(0, point)
  return end === point ? whole : `${whole}.${digits.slice(point, end)}`
}

function describeStages(startedAt: number, ends: readonly (readonly [string, number])[]): string {
  let previous = startedAt
  let lines = ''
  for (const [stage, end] of ends) {
    lines += `x-litellm-timing-${stage}-ms: ${(end - previous).toFixed(3)}\r\n`
    previous = end
  }
  return lines
}
