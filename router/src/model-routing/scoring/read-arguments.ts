import { comparators } from '../cascade/compare-answers.ts'
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

export function readShare(args: Args, name: string, standard: number): number {
  const value = readNumber(args, name, standard)
  if (value < 0 || value > 1) throw new Error(`${name} must be from 0 to 1`)
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

/** `{intent: {examples: [...], models: [...]}}`. */
export function readIntents(value: unknown): readonly Intent[] {
  const intents = Object.entries(requireMap(value ?? {}, 'intent_model_groups')).map(([name, described]) => {
    const path = `intent_model_groups.${name}`
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
    confidence: readShare(args, 'confidence_threshold', 0.7),
    comparator: oneOf('comparator', comparators),
    ignoredPaths:
      args['ignored_paths'] === undefined
        ? []
        : readNames(args['ignored_paths'], 'ignored_paths', 'name members'),
  }
}
