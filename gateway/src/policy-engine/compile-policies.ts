import type { z } from 'zod'
import type { PolicyConfig } from '../config/config.ts'
import { AddressRanges } from '../http/address-ranges.ts'
import { NamePatterns } from '../patterns/name-patterns.ts'
import { PolicyEngine, type PolicyRule } from './policy-engine.ts'
import { type PolicyDocument, type PolicyRuleDocument, policySchema } from './policy-schema.ts'

/** What a configuration says about policies; `engine` is null where its rules cannot be used. */
export interface Policies {
  readonly engine: PolicyEngine | null
  /** Refuses everything rather than nothing when there is no engine. */
  readonly failsClosed: boolean
}

/** Probes answer whatever the rules say, or a rule could take a gateway out of service. */
const probes = [
  '/_health/live',
  '/_health/ready',
  '/health/liveliness',
  '/health/liveness',
  '/health/readiness',
]

/** The policies of a configuration, null when they are off, and what is wrong with them. */
export function compilePolicies(config: PolicyConfig): {
  readonly policies: Policies | null
  readonly problems: readonly string[]
} {
  if (!config.isEnabled) return { policies: null, problems: [] }
  const { failsClosed } = config
  const broken = (problems: readonly string[]) => ({ policies: { engine: null, failsClosed }, problems })
  if (config.problem !== null) return broken([config.problem])
  const parsed = policySchema.safeParse(config.document ?? {})
  if (!parsed.success) return broken(parsed.error.issues.map(describeIssue))
  const problems: string[] = []
  const engine = compileEngine(parsed.data, problems)
  return problems.length > 0 ? broken(problems) : { policies: { engine, failsClosed }, problems }
}

function describeIssue({ path, message }: z.core.$ZodIssue): string {
  const place = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('')
  return place === '' ? message : `${place.replace(/^\./, '')}: ${message}`
}

function compileEngine(document: PolicyDocument, problems: string[]): PolicyEngine {
  const { rules, default_action: action, default_reason: reason, excluded_paths: excluded } = document
  // Array.prototype.sort is stable: rules of one priority stay in the order of the file.
  const ordered = [...rules].sort((left, right) => left.priority - right.priority)
  const compiled = ordered.map((rule) => compileRule(rule, problems))
  const exempt = patterns([...probes, ...excluded].map(lowerCase), 'excluded_paths', problems)
  return new PolicyEngine(compiled, { action, rule: null, reason }, exempt ?? new NamePatterns([]))
}

function compileRule(rule: PolicyRuleDocument, problems: string[]): PolicyRule {
  const { name, action } = rule
  const read = (list: readonly string[], member: string): NamePatterns | null =>
    patterns(list, `rule ${JSON.stringify(name)}, ${member}`, problems)
  return {
    decision: { action, rule: name, reason: rule.reason || `Matched the policy rule ${name}` },
    teams: read(rule.teams, 'teams'),
    users: read(rule.users, 'users'),
    keys: read(rule.api_keys, 'api_keys'),
    routes: read(rule.routes.map(lowerCase), 'routes'),
    methods: read(rule.methods.map(upperCase), 'methods'),
    models: read(rule.models, 'models'),
    addresses: addressRanges(rule, problems),
  }
}

/** An empty list matches everything: null. */
function patterns(list: readonly string[], place: string, problems: string[]): NamePatterns | null {
  if (list.length === 0) return null
  try {
    return new NamePatterns(list)
  } catch (error) {
    problems.push(`${place}: ${(error as Error).message}`)
    return null
  }
}

function addressRanges({ name, source_ips: entries }: PolicyRuleDocument, problems: string[]) {
  if (entries.length === 0) return null
  const ranges = new AddressRanges()
  for (const entry of entries)
    if (!ranges.add(entry))
      problems.push(
        `rule ${JSON.stringify(name)}, source_ips: ${JSON.stringify(entry)} is no address and no CIDR range`,
      )
  return ranges
}

/** Regular expressions stay as they are: `\d` and `\D` are different things. */
const isRegex = (pattern: string): boolean => pattern.startsWith('^')
const lowerCase = (pattern: string): string => (isRegex(pattern) ? pattern : pattern.toLowerCase())
const upperCase = (pattern: string): string => (isRegex(pattern) ? pattern : pattern.toUpperCase())
