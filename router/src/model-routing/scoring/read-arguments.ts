import { comparators } from '../cascade/compare-answers.ts'
import type { VerificationTable } from '../cascade/self-verification.ts'
import type { CapabilityOptions } from './capability-scorer.ts'
import type { CascadeOptions } from './cascade-scorer.ts'
import type { Tier } from './complexity.ts'
import type { Intent } from './intent-scorer.ts'
import type { TierMapping } from './tier-pool.ts'

/** `routing_strategy_args`, or a router's `args`. */
export type Args = Readonly<Record<string, unknown>>

export function readNumber(args: Args, name: string, standard: number): number {
  const value = args[name] ?? standard
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Error(`${name} must be a number`)
  return value
}

/** 0 where nobody says. */
export function readAtLeastZero(args: Args, name: string): number {
  const value = readNumber(args, name, 0)
  if (value < 0) throw new Error(`${name} must be at least 0`)
  return value
}

export function readShare(args: Args, name: string, standard: number): number {
  const value = readNumber(args, name, standard)
  if (value < 0 || value > 1) throw new Error(`${name} must be from 0 to 1`)
  return value
}

/** Off where nobody says. */
export function readSwitch(args: Args, name: string): boolean {
  const value = args[name] ?? false
  if (typeof value !== 'boolean') throw new Error(`${name} must be true or false`)
  return value
}

export function readNumbers(value: unknown): Readonly<Record<string, number>> {
  if (value === undefined) return {}
  const entries = Object.entries(requireMap(value, 'weights'))
  for (const [name, weight] of entries)
    if (typeof weight !== 'number' || weight < 0)
      throw new Error(`weights.${name} must be a number of at least 0`)
  return Object.fromEntries(entries) as Record<string, number>
}

export const tierNames: readonly Tier[] = ['simple', 'medium', 'complex', 'reasoning']

export function readTiers(value: unknown): TierMapping {
  if (value === undefined) return {}
  const map = requireMap(value, 'tier_mapping')
  for (const tier of Object.keys(map))
    if (!tierNames.some((name) => name === tier))
      throw new Error(`tier_mapping.${tier}: the tiers are ${tierNames.join(', ')}`)
  return Object.fromEntries(
    Object.entries(map).map(([tier, models]) => [tier, readNames(models, `tier_mapping.${tier}`)]),
  )
}

export function requireMap(value: unknown, path: string): Args {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Args
  throw new Error(`${path} must be a map`)
}

export function readText(map: Args, name: string, path: string): string | undefined {
  const value = map[name]
  if (value === undefined) return undefined
  if (typeof value !== 'string') throw new Error(`${path}.if.${name} must be text`)
  return value
}

export function readNames(value: unknown, path: string, wanted = 'name models'): readonly string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value]
  if (list.length === 0 || !list.every((item) => typeof item === 'string' && item !== ''))
    throw new Error(`${path} must ${wanted}`)
  return list as string[]
}

/** `{intent: {examples: [...], models: [...]}}`, or `{intent: models}` where its name is the example. */
export function readIntents(value: unknown): readonly Intent[] {
  const intents = Object.entries(requireMap(value ?? {}, 'intent_model_groups')).map(([name, described]) => {
    const path = `intent_model_groups.${name}`
    if (typeof described === 'string' || Array.isArray(described))
      return { name, examples: [name.replaceAll(/[_-]/g, ' ')], models: readNames(described, path) }
    const { examples, models } = requireMap(described, path)
    return {
      name,
      examples: readNames(examples, `${path}.examples`, 'give example asks'),
      models: readNames(models, `${path}.models`),
    }
  })
  if (intents.length === 0)
    throw new Error('intent_model_groups must map each intent to {examples: [...], models: [...]}')
  return intents
}

/** Where a strategy is served. Errors: throws what is wrong with it. */
export function requireRemote(args: Args): void {
  const { remote_url: url, module } = args
  if (module !== undefined) {
    if (typeof module !== 'string' || module === '')
      throw new Error('module must be the path of a module, or a package')
    if (url !== undefined) throw new Error('give module or remote_url, not both')
    requireTimeout(args)
    return
  }
  if (typeof url !== 'string' || !/^(?:https?:\/\/[^\s/]|plugin:[\w.-]+$)/.test(url))
    throw new Error('remote_url must be a URL of http or https, or `plugin:` and the name of a strategy')
  requireTimeout(args)
  for (const name of ['remote_model', 'remote_api_key'])
    if (args[name] !== undefined && typeof args[name] !== 'string') throw new Error(`${name} must be text`)
}

function requireTimeout(args: Args): void {
  const timeout = readNumber(args, 'remote_timeout_ms', 200)
  if (timeout < 1 || timeout > 10_000) throw new Error('remote_timeout_ms must be from 1 to 10000')
}

/** Tiers of one's own names; every one that is mentioned must be in `tier_order`. */
export function readCapabilities(args: Args): CapabilityOptions {
  const order = readNames(args['tier_order'] ?? ['fast', 'advanced', 'expert'], 'tier_order', 'name tiers')
  const readTier = (value: unknown, path: string): string => {
    if (typeof value === 'string' && order.includes(value)) return value
    throw new Error(`${path} must be one of ${order.join(', ')}`)
  }
  const tiers = Object.entries(requireMap(args['model_tiers'] ?? {}, 'model_tiers'))
  return {
    order,
    tiers: Object.fromEntries(tiers.map(([model, tier]) => [model, readTier(tier, `model_tiers.${model}`)])),
    standard: readTier(args['default_tier'] ?? order[Math.floor(order.length / 2)], 'default_tier'),
    strict: args['strict'] === true,
    complex: readTier(args['complex_min_tier'] ?? order.at(-1), 'complex_min_tier'),
    simple: readTier(args['simple_min_tier'] ?? order[0], 'simple_min_tier'),
  }
}

/** A model's name; null when it is not given. */
export function readName(args: Args, name: string): string | null {
  return args[name] === undefined ? null : (readNames(args[name], name)[0] ?? null)
}

/** A whole number from 1. */
export function readCount(args: Args, name: string, standard: number, most: number): number {
  const value = readNumber(args, name, standard)
  if (Number.isInteger(value) && value >= 1 && value <= most) return value
  throw new Error(`${name} must be a whole number from 1 to ${most}`)
}

export function readCascade(args: Args): CascadeOptions {
  const rungs = args['rungs'] === undefined ? [] : readNames(args['rungs'], 'rungs')
  const most = readCount(args, 'max_rungs', 4, 4)
  if (rungs.length > most) throw new Error(`rungs names ${rungs.length} models; at most ${most} (max_rungs)`)
  if (rungs.length === 1 || new Set(rungs).size < rungs.length)
    throw new Error('rungs must name two or more different models, the cheapest first')
  const oneOf = <Word extends string>(name: string, words: readonly Word[]): Word | null => {
    if (args[name] === undefined) return null
    const word = words.find((known) => known === args[name])
    if (word === undefined) throw new Error(`${name} must be one of ${words.join(', ')}`)
    return word
  }
  const mode = oneOf('mode', ['agreement', 'validity'] as const)
  if (mode === 'agreement' && rungs.length > 0 && rungs.length !== 3)
    throw new Error('rungs of agreement are three models: two that are asked at once, and who decides')
  return {
    mode,
    rungs,
    mostRungs: most,
    confidence: readShare(args, 'confidence_threshold', 0.7),
    comparator: oneOf('comparator', comparators),
    ignoredPaths:
      args['ignored_paths'] === undefined
        ? []
        : readNames(args['ignored_paths'], 'ignored_paths', 'name members'),
    buffersStreams: readSwitch(args, 'buffer_stream'),
  }
}

/** A `threshold`, or `beliefs`: [needs large, fine, hopeless] for each equal part of the shares of "yes". */
export function readVerification(args: Args): VerificationTable {
  const { beliefs } = args
  if (beliefs === undefined) return { threshold: readShare(args, 'threshold', 0.5) }
  if (args['threshold'] !== undefined) throw new Error('give threshold or beliefs, not both')
  const rows: readonly unknown[] = Array.isArray(beliefs) ? beliefs : []
  const parsed = rows.map((row) => {
    const shares: readonly unknown[] = Array.isArray(row) ? row : []
    const [needsLarge, fine, hopeless] = shares.filter(
      (share) => typeof share === 'number' && share >= 0,
    ) as number[]
    const sum = (needsLarge ?? 0) + (fine ?? 0) + (hopeless ?? 0)
    if (
      shares.length !== 3 ||
      needsLarge === undefined ||
      fine === undefined ||
      hopeless === undefined ||
      Math.abs(sum - 1) > 0.02
    )
      throw new Error('beliefs must be lists of three shares that sum to 1: needs large, fine, hopeless')
    return { needsLarge, fine, hopeless }
  })
  if (parsed.length === 0)
    throw new Error('beliefs must be a list, from the least share of "yes" to the greatest')
  return { beliefs: parsed }
}
