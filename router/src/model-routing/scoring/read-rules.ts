import { isProfile, profiles } from '../decision/profiles.ts'
import type { Tier } from './complexity.ts'
import { type Args, readNames, readNumber, readText, requireMap, tierNames } from './read-arguments.ts'
import type { RouteRule } from './rules-scorer.ts'

/** `[{if: {...}, then: {model | pool}}]`, the first that fits counts. */
export function readRules(value: unknown): RouteRule[] {
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
      ...readConsequence(then, `${path}.then`),
      label: Object.entries(condition)
        .map(([name, given]) => `${name}=${String(given)}`)
        .join(','),
    }
  })
}

function readConsequence(then: Args, path: string): Pick<RouteRule, 'models' | 'profile'> {
  const profile = then['profile'] ?? null
  if (profile !== null && !isProfile(profile))
    throw new Error(`${path}.profile must be one of ${profiles.join(', ')}`)
  const models = then['pool'] ?? then['model']
  const isProfileAlone = models === undefined && profile !== null
  return { models: isProfileAlone ? [] : readNames(models, path), profile }
}

/** The three maps of `llmrouter-tag-regex-ua`: tag, then pattern of the prompt, then client. */
export function readGroups(args: Args): RouteRule[] {
  const read = (
    argument: string,
    condition: (key: string) => RouteRule['when'],
    label: string,
  ): RouteRule[] =>
    Object.entries(args[argument] === undefined ? {} : requireMap(args[argument], argument)).map(
      ([key, models]) => ({
        when: condition(key),
        models: readNames(models, `${argument}.${key}`),
        profile: null,
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
