import { GatewayError } from '@routeiq/contract'
import type { ModelConfig } from '../config/config.ts'
import type { Deployment } from '../deployments/deployment.ts'
import {
  anonymous,
  buildForTest,
  candidateRequest,
  type SnapshotPatch,
  seededRandom,
} from '../deployments/for-test.ts'
import { resolveModel } from '../deployments/resolve-model.ts'
import type { FailureKind, UpstreamFailure } from '../providers/failure.ts'
import { AttemptPlan, type FailureDecision, type PlannedAttempt } from './attempt-plan.ts'
import type { AttemptRequest } from './attempt-request.ts'
import { createStrategy } from './create-strategy.ts'
import type { RoutingContext } from './routing-context.ts'
import type { PickContext, Strategy } from './strategy.ts'

const statuses: Readonly<Record<FailureKind, number>> = {
  connection: 0,
  timeout: 0,
  request_timeout: 408,
  conflict: 409,
  rate_limit: 429,
  quota_exhausted: 402,
  authentication: 401,
  permission: 403,
  not_found: 404,
  context_window: 400,
  content_policy: 400,
  bad_request: 400,
  unprocessable: 422,
  server_error: 500,
  unavailable: 503,
  response_too_large: 0,
}

export function failureOf(kind: FailureKind, retryAfterMs: number | null = null): UpstreamFailure {
  return {
    kind,
    status: statuses[kind],
    message: `upstream said ${kind}`,
    retryAfterMs,
    providerFields: null,
  }
}

export interface BenchOptions extends SnapshotPatch {
  readonly strategy?: Strategy
  readonly seed?: number
}

/** A composed routing core with a clock that stands still until it is moved. */
export class Bench {
  /** 12 s into a UTC minute. */
  now = 1_000_000_020_000 + 12_000
  readonly context: RoutingContext

  constructor(models: readonly ModelConfig[], options: BenchOptions = {}) {
    const { snapshot, states } = buildForTest(models, options)
    const strategy = options.strategy ?? createStrategy(snapshot.routing).strategy
    this.context = {
      snapshot,
      strategy,
      states,
      now: () => this.now,
      random: seededRandom(options.seed ?? 1),
    }
  }

  plan(name: string, patch: Partial<AttemptRequest> = {}): AttemptPlan {
    const resolution = resolveModel(this.context.snapshot, name, anonymous)
    return new AttemptPlan(this.context, resolution, {
      ...candidateRequest(),
      arms: null,
      stream: false,
      maxOutputTokens: null,
      preferredId: null,
      numRetries: null,
      fallbacks: null,
      deadlineMs: Number.POSITIVE_INFINITY,
      mayUse: () => true,
      ...patch,
    })
  }

  deployment(id: string): Deployment {
    const deployment = this.context.snapshot.byDeploymentId.get(id)
    if (deployment === undefined) throw new Error(`no deployment ${id}`)
    return deployment
  }

  coolDown(id: string, milliseconds: number): void {
    const { state } = this.deployment(id)
    const untilMs = this.now + milliseconds
    const cause = { durationMs: milliseconds, status: 429, reason: 'test', startedAtMs: this.now }
    this.context.states.startCooldown(state, { deploymentId: id, untilMs, ...cause })
  }

  /** One failed request to exactly this deployment, past any strategy. */
  failOn(id: string, failure: UpstreamFailure, group?: string): void {
    const plan = this.plan(group ?? this.deployment(id).group, { numRetries: 0 })
    const attempt = expectAttempt(plan)
    if (attempt.deployment.id !== id) throw new Error(`picked ${attempt.deployment.id} instead of ${id}`)
    plan.fail(failure)
  }
}

export function expectAttempt(plan: AttemptPlan): PlannedAttempt {
  const attempt = plan.next()
  if (attempt instanceof GatewayError) throw attempt
  return attempt
}

/** The error `next()` answers with. */
export function expectError(plan: AttemptPlan): GatewayError {
  const attempt = plan.next()
  if (!(attempt instanceof GatewayError)) throw new Error(`${attempt.deployment.id} was picked`)
  return attempt
}

export interface Step {
  readonly id: string
  readonly decision: FailureDecision
}

/** Fails every attempt as told until the plan stops; the clock moves by each delay. */
export function runToEnd(
  bench: Bench,
  plan: AttemptPlan,
  fail: (id: string, index: number) => UpstreamFailure,
): Step[] {
  const steps: Step[] = []
  for (let index = 0; index < 50; index++) {
    const attempt = plan.next()
    if (attempt instanceof GatewayError) return steps
    const decision = plan.fail(fail(attempt.deployment.id, index))
    steps.push({ id: attempt.deployment.id, decision })
    if (decision.action === 'stop') return steps
    bench.now += decision.delayMs
  }
  throw new Error('the plan does not end')
}

export function pickContext(bench: Bench, patch: Partial<PickContext> = {}): PickContext {
  return {
    requestedName: 'g',
    group: 'g',
    now: bench.now,
    random: bench.context.random,
    inputTokens: 100,
    maxOutputTokens: null,
    stream: false,
    wholeLevel: false,
    isEven: false,
    ...patch,
  }
}

/** Always the first candidate in file order, so that a test knows who is asked. */
export const firstCandidate: Strategy = {
  name: 'first',
  enforcesLimits: false,
  pick: (_, candidates) => {
    const [deployment] = candidates
    return deployment === undefined ? null : { deployment, reason: 'first' }
  },
}
