import type { RoutingConfig } from '../config/config.ts'
import type { Deployment, ModelGroup } from '../deployments/deployment.ts'
import type { UpstreamFailure } from '../providers/failure.ts'
import type { DeploymentStates } from './deployment-states.ts'
import { type FailureRule, failureRules } from './failure-rules.ts'

const maxRetryAfterMs = 300_000
const quotaCooldownMs = 300_000
const maxProbeCooldownMs = 60_000
const ratioMinimum = 5
const totalFailureMinimum = 1000

/** One failed attempt. */
export interface FailedAttempt {
  readonly deployment: Deployment
  readonly group: ModelGroup
  readonly failure: UpstreamFailure
  /** Whether it was the one attempt allowed after a cooldown. */
  readonly probe: boolean
}

/**
 * Counts one failure against a deployment and starts a cooldown when the rules ask for one. The only place where
 * failures are counted.
 */
export function recordFailure(
  attempt: FailedAttempt,
  routing: RoutingConfig,
  states: DeploymentStates,
  now: number,
): void {
  const { deployment, failure, probe } = attempt
  const { state } = deployment
  const rule = failureRules[failure.kind]
  if (rule.cooldown === 'none') {
    // The deployment answered, and the answer says nothing bad about it.
    state.recover(now)
    return
  }
  if (failure.kind === 'rate_limit') state.noteRateLimit(now)
  state.countFailure(now)
  const durationMs = routing.disableCooldowns ? 0 : findDuration(attempt, routing)
  const due = durationMs > 0 && (isCooldownDue(attempt, rule, routing, now) || probe)
  if (due && (rule.transient || hasOtherRoutable(deployment, attempt.group, now))) {
    startCooldown(attempt, durationMs, states, now)
  } else if (probe) {
    state.returnProbe()
  }
}

function startCooldown(
  attempt: FailedAttempt,
  durationMs: number,
  states: DeploymentStates,
  now: number,
): void {
  const { deployment, failure } = attempt
  const untilMs = now + durationMs
  if (deployment.state.cooldown !== null && deployment.state.cooldown.untilMs >= untilMs) return
  states.startCooldown(deployment.state, {
    deploymentId: deployment.id,
    untilMs,
    durationMs,
    status: failure.status,
    reason: failure.message.slice(0, 50),
    startedAtMs: now,
  })
}

/** Counts one answer; a deployment that was on probation is trusted again. */
export function recordSuccess(deployment: Deployment, now: number): void {
  deployment.state.countSuccess(now)
  deployment.state.recover(now)
}

function isCooldownDue(
  attempt: FailedAttempt,
  rule: FailureRule,
  routing: RoutingConfig,
  now: number,
): boolean {
  const { deployment, group } = attempt
  const allowed = findAllowedFails(deployment, rule, routing)
  if (allowed !== null)
    return countRecent(deployment, allowed, deployment.config.cooldownMs ?? routing.cooldownMs, now) > allowed
  const alone = group.deployments.length <= 1
  if (rule.cooldown === 'status' && !alone && !isUnknownWildcardModel(attempt)) return true
  const failures = deployment.state.failuresThisMinute(now)
  const finished = failures + deployment.state.successesThisMinute(now)
  if (!alone && finished >= ratioMinimum && failures * 2 > finished) return true
  return finished >= totalFailureMinimum && failures === finished
}

/** A wildcard passes on whatever name a client makes up, so "unknown model" says nothing about the deployment. */
function isUnknownWildcardModel({ deployment, failure }: FailedAttempt): boolean {
  return failure.kind === 'not_found' && deployment.config.upstreamModel.includes('*')
}

/** The limit of the counting mode, null when the default rules apply. */
function findAllowedFails(deployment: Deployment, rule: FailureRule, routing: RoutingConfig): number | null {
  const own = deployment.config.info.allowedFails
  if (own !== null) return own
  const byClass =
    rule.policyClass === null ? undefined : routing.allowedFailsPolicy[`${rule.policyClass}AllowedFails`]
  return byClass ?? routing.allowedFails
}

/** Failures within the window, this one included; keeps no more times than the limit needs. */
function countRecent(deployment: Deployment, allowed: number, windowMs: number, now: number): number {
  const times = deployment.state.recentFailures
  while (times.length > 0 && (now - (times[0] ?? 0) >= windowMs || times.length > allowed)) times.shift()
  times.push(now)
  return times.length
}

/** Deployment setting, else what the provider asked for, else 300 s for an exhausted quota, else the router's. */
function findDuration({ deployment, failure, probe }: FailedAttempt, routing: RoutingConfig): number {
  const own = deployment.config.cooldownMs
  if (own === null && routing.cooldownMs === 0) return 0
  const byUpstream = failure.retryAfterMs === null ? null : Math.min(failure.retryAfterMs, maxRetryAfterMs)
  const byKind = failure.kind === 'quota_exhausted' ? quotaCooldownMs : routing.cooldownMs
  const ordinary = own ?? byUpstream ?? byKind
  if (ordinary === 0 || !probe) return ordinary
  const doubled = (deployment.state.cooldown?.durationMs ?? 0) * 2
  return Math.max(ordinary, Math.min(doubled, maxProbeCooldownMs))
}

function hasOtherRoutable(deployment: Deployment, group: ModelGroup, now: number): boolean {
  for (const other of group.deployments) {
    if (other.id !== deployment.id && !other.config.info.blocked && !other.state.isCoolingDown(now))
      return true
  }
  return false
}
