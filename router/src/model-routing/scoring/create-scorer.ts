import { RewardTable } from '../online/reward-table.ts'
import { createBanditScorer } from './bandit-scorer.ts'
import { createBySizeScorer } from './by-size-scorer.ts'
import { createCentroidScorer } from './centroid-scorer.ts'
import type { Tier } from './complexity.ts'
import { createCostAwareScorer } from './cost-aware-scorer.ts'
import { priorScorer } from './prior-scorer.ts'
import { createRandomScorer } from './random-scorer.ts'
import { createRulesScorer, type RouteRule } from './rules-scorer.ts'
import type { Scorer } from './scorer.ts'
import { defaultStrategy, findStrategy } from './strategy-catalogue.ts'
import type { TierMapping } from './tier-pool.ts'

const noRewards = new RewardTable()

type Args = Readonly<Record<string, unknown>>

/** What scorers are made from beside their arguments. */
export interface ScorerParts {
  /** Scorers of the bundle in force, by strategy. */
  readonly trained: ReadonlyMap<string, Scorer>
  /** False takes the shipped prior away: without a bundle the centroid then decides. */
  readonly usePrior: boolean
  /** What live outcomes came to, for strategies that learn from them; null where nothing is learned. */
  readonly rewards: (() => RewardTable) | null
}

/** A scorer, and why it is not the one that was asked for. */
export interface CreatedScorer {
  readonly scorer: Scorer
  readonly fallbackReason: 'strategy_not_available' | 'artifact_missing' | null
}

/** Makes the scorer a strategy name and its arguments ask for. Errors: throws what is wrong with an argument. */
export function createScorer(name: string, args: Args, parts: ScorerParts): CreatedScorer {
  const entry = findStrategy(name)
  const wanted = entry?.implementedBy ?? defaultStrategy
  if (entry === null || entry.status === 'not_available')
    return { scorer: createDefault(parts), fallbackReason: 'strategy_not_available' }
  const trained = parts.trained.get(wanted)
  if (trained !== undefined) return { scorer: trained, fallbackReason: null }
  if (entry.needsArtifact) return { scorer: createDefault(parts), fallbackReason: 'artifact_missing' }
  return { scorer: createUntrained(wanted, args, parts), fallbackReason: null }
}

function createDefault(parts: ScorerParts): Scorer {
  return parts.trained.get(defaultStrategy) ?? (parts.usePrior ? priorScorer : createCentroid({}))
}

function createUntrained(name: string, args: Args, parts: ScorerParts): Scorer {
  switch (name) {
    case 'llmrouter-centroid':
      return createCentroid(args)
    case 'llmrouter-bandit':
      return createBanditScorer(createDefault(parts), {
        rewards: parts.rewards ?? (() => noRewards),
        priorWeight: readNumber(args, 'cold_start_kappa', 5),
      })
    case 'llmrouter-smallest':
      return createBySizeScorer('smallest')
    case 'llmrouter-largest':
      return createBySizeScorer('largest')
    case 'llmrouter-random':
      return createRandomScorer(readNumbers(args['weights']))
    case 'llmrouter-rules':
      return createRulesScorer({
        name,
        rules: readRules(args['rules']),
        tiers: readTiers(args['tier_mapping']),
        byComplexity: true,
      })
    case 'llmrouter-tag-regex-ua':
      return createRulesScorer({ name, rules: readGroups(args), tiers: {}, byComplexity: false })
    case 'llmrouter-cost-aware':
      return createCostAwareScorer(createDefault(parts), {
        qualityThreshold: readNumber(args, 'quality_threshold', 0.7),
        costWeight: readNumber(args, 'cost_weight', 0.7),
        maxCostPer1kTokens:
          args['max_cost_per_1k_tokens'] === undefined ? null : readNumber(args, 'max_cost_per_1k_tokens', 0),
      })
    default:
      return createDefault(parts)
  }
}

function createCentroid(args: Args): Scorer {
  return createCentroidScorer({
    confidenceThreshold: readNumber(args, 'confidence_threshold', 0.06),
    tiers: readTiers(args['tier_mapping']),
  })
}

function readNumber(args: Args, name: string, standard: number): number {
  const value = args[name] ?? standard
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Error(`${name} must be a number`)
  return value
}

function readNumbers(value: unknown): Readonly<Record<string, number>> {
  if (value === undefined) return {}
  const entries = Object.entries(requireMap(value, 'weights'))
  for (const [name, weight] of entries)
    if (typeof weight !== 'number' || weight < 0)
      throw new Error(`weights.${name} must be a number of at least 0`)
  return Object.fromEntries(entries) as Record<string, number>
}

const tierNames: readonly Tier[] = ['simple', 'medium', 'complex', 'reasoning']

function readTiers(value: unknown): TierMapping {
  if (value === undefined) return {}
  const map = requireMap(value, 'tier_mapping')
  for (const tier of Object.keys(map))
    if (!tierNames.some((name) => name === tier))
      throw new Error(`tier_mapping.${tier}: the tiers are ${tierNames.join(', ')}`)
  return Object.fromEntries(
    Object.entries(map).map(([tier, models]) => [tier, readNames(models, `tier_mapping.${tier}`)]),
  )
}

/** `[{if: {...}, then: {model | pool}}]`, the first that fits counts. */
function readRules(value: unknown): RouteRule[] {
  if (value === undefined) return []
  if (!Array.isArray(value)) throw new Error('rules must be a list')
  return value.map((item: unknown, index) => {
    const path = `rules[${index}]`
    const rule = requireMap(item, path)
    const condition = requireMap(rule['if'], `${path}.if`)
    const then = requireMap(rule['then'], `${path}.then`)
    const known = ['tag', 'regex', 'keyword', 'user_agent', 'tool', 'tenant', 'domain', 'tier', 'min_tokens']
    for (const name of Object.keys(condition))
      if (!known.includes(name)) throw new Error(`${path}.if.${name}: the conditions are ${known.join(', ')}`)
    const tier = readText(condition, 'tier', path)
    return {
      when: {
        tag: readText(condition, 'tag', path),
        regex: compile(readText(condition, 'regex', path), `${path}.if.regex`),
        keyword: readText(condition, 'keyword', path),
        userAgent: compile(readText(condition, 'user_agent', path), `${path}.if.user_agent`),
        tool: readText(condition, 'tool', path),
        tenant: readText(condition, 'tenant', path),
        domain: readText(condition, 'domain', path),
        tier: tier === undefined ? undefined : requireTier(tier, path),
        minTokens: condition['min_tokens'] === undefined ? undefined : readNumber(condition, 'min_tokens', 0),
      },
      models: readNames(then['pool'] ?? then['model'], `${path}.then`),
      label: Object.entries(condition)
        .map(([name, given]) => `${name}=${String(given)}`)
        .join(','),
    }
  })
}

/** The three maps of `llmrouter-tag-regex-ua`: tag, then pattern of the prompt, then client. */
function readGroups(args: Args): RouteRule[] {
  const read = (
    argument: string,
    condition: (key: string) => RouteRule['when'],
    label: string,
  ): RouteRule[] =>
    Object.entries(args[argument] === undefined ? {} : requireMap(args[argument], argument)).map(
      ([key, models]) => ({
        when: condition(key),
        models: readNames(models, `${argument}.${key}`),
        label: `${label}=${key}`,
      }),
    )
  return [
    ...read('tag_model_groups', (tag) => ({ tag }), 'tag'),
    ...read('regex_model_groups', (regex) => ({ regex: compile(regex, 'regex_model_groups') }), 'regex'),
    ...read(
      'user_agent_model_groups',
      (agent) => ({ userAgent: compile(agent, 'user_agent_model_groups') }),
      'user_agent',
    ),
  ]
}

const mostPatternChars = 512
/** A repeated group that itself repeats can take exponential time. */
const nestedRepeat = /\([^)]*[+*}][^)]*\)[+*{]/

function compile(pattern: string | undefined, path: string): RegExp | undefined {
  if (pattern === undefined) return undefined
  if (pattern.length > mostPatternChars) throw new Error(`${path}: at most ${mostPatternChars} characters`)
  if (nestedRepeat.test(pattern))
    throw new Error(`${path}: a repetition within a repetition may take forever; write it without`)
  try {
    return new RegExp(pattern, 'iu')
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`)
  }
}

function requireTier(tier: string, path: string): Tier {
  const known = tierNames.find((name) => name === tier)
  if (known === undefined) throw new Error(`${path}.if.tier: the tiers are ${tierNames.join(', ')}`)
  return known
}

function requireMap(value: unknown, path: string): Args {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Args
  throw new Error(`${path} must be a map`)
}

function readText(map: Args, name: string, path: string): string | undefined {
  const value = map[name]
  if (value === undefined) return undefined
  if (typeof value !== 'string') throw new Error(`${path}.if.${name} must be text`)
  return value
}

function readNames(value: unknown, path: string): readonly string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value]
  if (list.length === 0 || !list.every((item) => typeof item === 'string' && item !== ''))
    throw new Error(`${path} must name models`)
  return list as string[]
}
