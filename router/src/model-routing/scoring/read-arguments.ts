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
