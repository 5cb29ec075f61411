import type { AddressRanges } from '../http/address-ranges.ts'
import type { NamePatterns } from '../patterns/name-patterns.ts'
import { routeNames } from './route-names.ts'

/** Whose call it is, as the credential says; null for routes without one. */
export interface PolicyCaller {
  /** `key`, `master`, `admin` or `anonymous`. */
  readonly kind: string
  readonly teamId: string | null
  readonly userId: string | null
  readonly keyAlias: string | null
  readonly keyHash: string | null
}

/** What rules are held against. */
export interface PolicySubject {
  readonly caller: PolicyCaller | null
  readonly method: string
  /** The documented template. */
  readonly template: string
  /** The name that was asked for and those it led to; empty where no model is asked, null while it is not known yet. */
  readonly models: readonly string[] | null
  /** Null for a call of the gateway itself on behalf of a caller whose address was judged before. */
  readonly address: string | undefined | null
}

export interface PolicyDecision {
  readonly action: 'allow' | 'deny'
  /** Null when no rule matched. */
  readonly rule: string | null
  readonly reason: string
}

/** One rule; null matches everything. */
export interface PolicyRule {
  readonly decision: PolicyDecision
  readonly teams: NamePatterns | null
  readonly users: NamePatterns | null
  readonly keys: NamePatterns | null
  readonly routes: NamePatterns | null
  readonly methods: NamePatterns | null
  readonly models: NamePatterns | null
  readonly addresses: AddressRanges | null
}

const maxRemembered = 256
const nobody: PolicyCaller = { kind: 'anonymous', teamId: null, userId: null, keyAlias: null, keyHash: null }

/** The rules in force, in the order in which they count. The first that matches decides. */
export class PolicyEngine {
  readonly #rules: readonly PolicyRule[]
  readonly #standard: PolicyDecision
  readonly #excluded: NamePatterns
  readonly #usesAddresses: boolean
  readonly #templates = new Map<string, { readonly names: readonly string[]; readonly isExcluded: boolean }>()
  /** What was decided, so that the number of rules does not show: by caller, then by everything else they look at. */
  readonly #decided = new WeakMap<PolicyCaller, Map<string, PolicyDecision | null>>()

  constructor(rules: readonly PolicyRule[], standard: PolicyDecision, excluded: NamePatterns) {
    this.#rules = rules
    this.#standard = standard
    this.#excluded = excluded
    this.#usesAddresses = rules.some(({ addresses }) => addresses !== null)
  }

  isExcluded(template: string): boolean {
    return this.#route(template).isExcluded
  }

  /** Null while the decision depends on a model that is not known yet. */
  decide(subject: PolicySubject): PolicyDecision | null {
    const caller = subject.caller ?? nobody
    let known = this.#decided.get(caller)
    if (known === undefined || known.size > maxRemembered) {
      known = new Map()
      this.#decided.set(caller, known)
    }
    const address = this.#usesAddresses ? (subject.address ?? typeof subject.address) : ''
    const models = subject.models === null ? '' : JSON.stringify(subject.models)
    const name = `${subject.method} ${subject.template} ${address} ${models}`
    const remembered = known.get(name)
    if (remembered !== undefined) return remembered
    const decision = this.#firstMatch(caller, subject)
    known.set(name, decision)
    return decision
  }

  #firstMatch(caller: PolicyCaller, subject: PolicySubject): PolicyDecision | null {
    const { names } = this.#route(subject.template)
    for (const rule of this.#rules) {
      if (!matchesCaller(rule, caller)) continue
      if (rule.routes !== null && !names.some((name) => rule.routes?.matches(name))) continue
      if (rule.methods?.matches(subject.method) === false) continue
      if (!matchesAddress(rule, subject.address)) continue
      if (rule.models === null) return rule.decision
      if (subject.models === null) return null
      if (subject.models.some((model) => rule.models?.matches(model))) return rule.decision
    }
    return this.#standard
  }

  #route(template: string): { readonly names: readonly string[]; readonly isExcluded: boolean } {
    let route = this.#templates.get(template)
    if (route === undefined) {
      const names = routeNames(template)
      route = { names, isExcluded: names.some((name) => this.#excluded.matches(name)) }
      this.#templates.set(template, route)
    }
    return route
  }
}

function matchesCaller({ teams, users, keys }: PolicyRule, caller: PolicyCaller): boolean {
  return (
    fits(teams, caller.teamId) && fits(users, caller.userId) && fits(keys, caller.keyAlias, caller.keyHash)
  )
}

function fits(patterns: NamePatterns | null, ...names: readonly (string | null)[]): boolean {
  return patterns === null || names.some((name) => name !== null && patterns.matches(name))
}

/** An address that is not known here was let in where the caller came in, and is refused nowhere else. */
function matchesAddress({ addresses, decision }: PolicyRule, address: PolicySubject['address']): boolean {
  if (addresses === null) return true
  return address === null ? decision.action === 'allow' : addresses.has(address)
}
