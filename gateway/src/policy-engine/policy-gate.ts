import { GatewayError } from '@routeiq/contract'
import type { Exchange } from '../http/exchange.ts'
import type { Policies } from './compile-policies.ts'
import type { PolicyCaller, PolicyDecision, PolicyEngine } from './policy-engine.ts'

/** One request that was judged, for the audit log. */
export interface JudgedRequest {
  readonly caller: PolicyCaller | null
  readonly exchange: Exchange
  readonly models: readonly string[]
  readonly decision: PolicyDecision
}

/** Longer than the name of any model; patterns are not tried on more. */
const maxModelLength = 1_024
const noModels: readonly string[] = []
const unusable: PolicyDecision = {
  action: 'deny',
  rule: null,
  reason: 'The policies of this gateway cannot be read; its operator has to repair them.',
}
const tooLong: PolicyDecision = { action: 'deny', rule: null, reason: 'The name of the model is too long.' }

/** Holds requests to the policy rules in force. Without rules it costs one comparison. */
export class PolicyGate {
  readonly #policies: () => Policies | null
  readonly #audit: (judged: JudgedRequest) => void

  constructor(policies: () => Policies | null, audit: (judged: JudgedRequest) => void) {
    this.#policies = policies
    this.#audit = audit
  }

  /** A request of a route that asks no model. Errors: 403 `policy_denied`. */
  admit(caller: PolicyCaller | null, exchange: Exchange): void {
    this.admitModels(caller, exchange, noModels)
  }

  /** A request whose model is not known yet: refused here already where no model could help. */
  admitEarly(caller: PolicyCaller | null, exchange: Exchange): void {
    const decision = this.#judge(caller, exchange, null)
    if (decision?.action === 'deny') this.#conclude({ caller, exchange, models: noModels, decision })
  }

  /** A request for a model by these names. Errors: 403 `policy_denied`. */
  admitModels(caller: PolicyCaller | null, exchange: Exchange, models: readonly string[]): void {
    const decision = this.#judge(caller, exchange, models)
    if (decision !== null) this.#conclude({ caller, exchange, models, decision })
  }

  /** Whether an admitted request may be answered by another model than the one it named. */
  allowsModel(caller: PolicyCaller | null, exchange: Exchange, models: readonly string[]): boolean {
    return this.#judge(caller, exchange, models)?.action !== 'deny'
  }

  /** Null where nothing is to be judged, or not yet. */
  #judge(
    caller: PolicyCaller | null,
    exchange: Exchange,
    models: readonly string[] | null,
  ): PolicyDecision | null {
    const policies = this.#policies()
    if (policies === null) return null
    const { engine, failsClosed } = policies
    if (engine === null) return failsClosed && !isProbe(exchange) ? unusable : null
    if (models?.some((model) => model.length > maxModelLength) === true) return tooLong
    return engine.isExcluded(exchange.template) ? null : decide(engine, caller, exchange, models)
  }

  #conclude(judged: JudgedRequest): void {
    const { exchange, decision } = judged
    exchange.trace?.note({ 'policy.action': decision.action, 'policy.rule': decision.rule })
    this.#audit(judged)
    if (decision.action === 'deny') throw new GatewayError('policy_denied', decision.reason)
  }
}

function decide(
  engine: PolicyEngine,
  caller: PolicyCaller | null,
  { request, template, isInProcess }: Exchange,
  models: readonly string[] | null,
): PolicyDecision | null {
  const method = request.method === 'HEAD' ? 'GET' : request.method
  const address = isInProcess ? null : request.remoteAddress
  return engine.decide({ caller, method, template, models, address })
}

/** Without rules there is no list of what they exclude. */
function isProbe({ template }: Exchange): boolean {
  return template.startsWith('/_health/') || template.startsWith('/health/') || template === '/metrics'
}
