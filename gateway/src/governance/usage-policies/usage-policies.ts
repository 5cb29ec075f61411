import { GatewayError } from '@routeiq/contract'
import type { Caller } from '../../identity/caller.ts'
import { NamePatterns } from '../../patterns/name-patterns.ts'
import type { GovernedCall } from '../governor.ts'
import { toNanoUsd, toUsd } from '../nano-usd.ts'
import type { UseAccount, UseLimit, UseMetric } from '../use-limit.ts'
import { factsOf, isOfCaller } from './call-facts.ts'
import { groupKey, policyAccount } from './policy-account.ts'
import type { UsagePolicy } from './usage-policy.ts'

const withoutEndSeconds = 3_600
const maxRemembered = 256
const unknown = 'none'

/** Somebody's use came to a share of a limit. `share` is 1 for the whole. */
export interface UsageEvent {
  readonly policy: UsagePolicy
  readonly group: string
  readonly share: number
  readonly used: number
  readonly account: UseAccount
}

interface Condition {
  readonly path: string
  readonly globs: NamePatterns
}

interface CompiledPolicy {
  readonly policy: UsagePolicy
  /** What can be told from who calls for which model, and what only from the request itself. */
  readonly ofCaller: readonly Condition[]
  readonly ofRequest: readonly Condition[]
  readonly exemptsCaller: readonly Condition[]
  readonly exemptsRequest: readonly Condition[]
}

export interface UsagePoliciesOptions {
  /** The calendar of their periods. */
  readonly timezone: () => string
  readonly onEvent: (event: UsageEvent) => void
}

/** The usage policies in force. What concerns a caller and a model is found once, so that many cost what few cost. */
export class UsagePolicies {
  readonly #options: UsagePoliciesOptions
  #policies: readonly CompiledPolicy[] = []
  #concerned = new WeakMap<Caller, Map<string, readonly CompiledPolicy[]>>()

  constructor(options: UsagePoliciesOptions) {
    this.#options = options
  }

  /** Puts these in force. */
  replace(policies: readonly UsagePolicy[]): void {
    this.#policies = policies
      .filter(({ enabled }) => enabled)
      .toSorted((left, right) => left.priority - right.priority || compareIds(left, right))
      .map(compile)
    this.#concerned = new WeakMap()
  }

  /** What a call is held to, by priority. */
  limitsOf(call: GovernedCall, now: number): readonly UseLimit[] {
    if (this.#policies.length === 0) return none
    const concerned = this.#find(call)
    const matching = concerned.filter(
      ({ ofRequest, exemptsRequest }) =>
        ofRequest.every((condition) => fits(call, condition)) &&
        !exemptsRequest.some((condition) => fits(call, condition)),
    )
    if (matching.length === 0) return none
    const { onEvent, timezone } = this.#options
    return matching.map(({ policy }) => {
      const group = groupKey(
        policy.group_by.map((path) => [path, factsOf(call, path)[0]?.slice(0, 256) ?? unknown]),
      )
      return new PolicyUse(policy, policyAccount(policy, group, now, timezone()), onEvent)
    })
  }

  #find(call: GovernedCall): readonly CompiledPolicy[] {
    const { caller, group, requestedModel, route } = call
    let byModel = this.#concerned.get(caller)
    if (byModel === undefined || byModel.size > maxRemembered) {
      byModel = new Map()
      this.#concerned.set(caller, byModel)
    }
    const name = `${route}\n${group.name}\n${requestedModel}`
    let found = byModel.get(name)
    if (found === undefined) {
      found = this.#policies.filter(
        ({ policy, ofCaller, exemptsCaller }) =>
          (policy.workspace_id === null || policy.workspace_id === caller.governance?.workspaceId) &&
          ofCaller.every((condition) => fits(call, condition)) &&
          !exemptsCaller.some((condition) => fits(call, condition)),
      )
      byModel.set(name, found)
    }
    return found
  }
}

const none: readonly never[] = []

const compareIds = (left: UsagePolicy, right: UsagePolicy): number =>
  left.policy_id < right.policy_id ? -1 : Number(left.policy_id > right.policy_id)

function compile(policy: UsagePolicy): CompiledPolicy {
  const [conditions, exclusions] = [policy.conditions, policy.exclusions].map((record) =>
    Object.entries(record).map(([path, globs]) => ({
      path,
      globs: new NamePatterns(Array.isArray(globs) ? globs : [globs], true),
    })),
  )
  const [ofCaller, ofRequest] = split(conditions ?? [])
  const [exemptsCaller, exemptsRequest] = split(exclusions ?? [])
  return { policy, ofCaller, ofRequest, exemptsCaller, exemptsRequest }
}

function split(conditions: readonly Condition[]): readonly [Condition[], Condition[]] {
  return [
    conditions.filter(({ path }) => isOfCaller(path)),
    conditions.filter(({ path }) => !isOfCaller(path)),
  ]
}

const fits = (call: GovernedCall, { path, globs }: Condition): boolean =>
  factsOf(call, path).some((fact) => globs.matches(fact))

class PolicyUse implements UseLimit {
  readonly account: UseAccount
  readonly metric: UseMetric
  readonly limit: number | null
  readonly isKept = true
  readonly reconciles = true
  readonly priceOfThousand = 0
  readonly failsClosed = false
  readonly #policy: UsagePolicy
  readonly #most: number
  readonly #onEvent: (event: UsageEvent) => void

  constructor(policy: UsagePolicy, account: UseAccount, onEvent: (event: UsageEvent) => void) {
    this.account = account
    this.metric = policy.limit_type
    this.#most = mostOf(policy)
    this.limit = policy.action === 'deny' ? this.#most : null
    this.#policy = policy
    this.#onEvent = onEvent
  }

  refuse(used: number, now: number): GatewayError {
    const { policy_id, name, limit_type, limit_value, limit_period } = this.#policy
    const { endsAt } = this.account
    const seconds = endsAt === null ? withoutEndSeconds : Math.max(1, Math.ceil((endsAt - now) / 1_000))
    const current = shownUse(this.#policy, used)
    const message =
      `The usage policy ${name} allows ${limit_value} ${limit_type}${limit_period === 'none' ? '' : ` a ${limit_period}`}; ` +
      `${current} are used or under way.`
    return new GatewayError('usage_policy_exceeded', message, {
      retryAfterSeconds: seconds,
      extras: {
        ...{ policy_id, limit_type, limit_value, limit_period, current_usage: current },
        retry_after: seconds,
      },
    })
  }

  unavailable(cause: unknown): GatewayError {
    const message = 'What was used against the usage policies cannot be read; try again shortly.'
    return new GatewayError('storage_unavailable', message, { cause, retryAfterSeconds: 1 })
  }

  onAdmitted(used: number): void {
    const { alert_threshold: threshold, action } = this.#policy
    if (threshold !== null && used >= threshold * this.#most) this.#tell(threshold, used)
    if (action !== 'deny' && used > this.#most) this.#tell(1, used)
  }

  #tell(share: number, used: number): void {
    const { account } = this
    this.#onEvent({ policy: this.#policy, group: account.group, share, used, account })
  }
}

/** In the units of its counter. */
function mostOf({ limit_type, limit_value }: UsagePolicy): number {
  return limit_type === 'cost' ? toNanoUsd(limit_value) : Math.floor(limit_value)
}

/** As people write it: USD, tokens or requests. */
export function shownUse({ limit_type }: UsagePolicy, used: number): number {
  return limit_type === 'cost' ? toUsd(used) : used
}
