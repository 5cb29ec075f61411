import { modelFamilyOf } from '@routeiq/router'
import type { TraceSkill } from './trace.ts'
import type { CallBody, SpanBody, TraceBody } from './trace-schema.ts'

interface Found {
  readonly hashes: Set<string>
  isActivated: boolean
  isDelivered: boolean
  evidence: TraceSkill['evidence']
}

const strength: readonly TraceSkill['evidence'][] = ['delivered', 'logged', 'native', 'loaded']
const spanAttributes = ['active_skills', 'decimal.active_skills']

/**
 * The skills of a trace: activated are those the caller logged, those the agent loaded and those a span names;
 * delivered ones were only shown. Clients leave some of these lists empty, therefore their union counts.
 */
export function readTraceSkills(
  body: TraceBody,
  spans: readonly SpanBody[],
  calls: readonly CallBody[],
): readonly TraceSkill[] {
  const found = new Map<string, Found>()
  for (const skill of body.active_skills ?? []) readReference(found, skill)
  for (const span of spans) {
    for (const name of spanAttributes) readAttribute(found, span.attributes?.[name])
  }
  for (const name of body.skills_loaded_by_agent ?? []) note(found, name, 'loaded')
  for (const name of body.skills_delivered ?? []) note(found, name, 'delivered')
  for (const { name, hash } of body.skills_delivered_versions ?? []) note(found, name, 'delivered', hash)
  return [...found].map(([name, skill]) => {
    const modelName = creditedModel(name, calls)
    return {
      name,
      hash: skill.hashes.size === 1 ? ([...skill.hashes][0] ?? '') : '',
      isAmbiguous: skill.hashes.size > 1,
      isActivated: skill.isActivated,
      isDelivered: skill.isDelivered,
      evidence: skill.evidence,
      modelName,
      modelFamily: modelFamilyOf(modelName),
    }
  })
}

/** The model that asked for the skill, else the one with most output tokens, else the last; empty without calls. */
export function creditedModel(skill: string | null, calls: readonly CallBody[]): string {
  const loader = skill === null ? undefined : calls.find((call) => loads(call, skill))
  if (loader !== undefined) return loader.model_name
  let best = calls.at(-1)
  for (const call of calls) {
    if ((call.output_tokens ?? 0) > (best?.output_tokens ?? 0)) best = call
  }
  return best?.model_name ?? ''
}

function readReference(
  found: Map<string, Found>,
  skill: NonNullable<TraceBody['active_skills']>[number],
): void {
  if (typeof skill === 'string') note(found, skill, 'logged')
  else note(found, skill.name, skill.grade === 'native' ? 'native' : 'logged', skill.hash)
}

/** A list of names or of `{name}`, or names separated by commas, as attributes of spans cannot always hold lists. */
function readAttribute(found: Map<string, Found>, value: unknown): void {
  const items = typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : []
  for (const item of items as unknown[]) {
    if (typeof item === 'string') note(found, item, 'logged')
    else if (isNamed(item)) note(found, item.name, 'logged', typeof item.hash === 'string' ? item.hash : null)
  }
}

function isNamed(item: unknown): item is { name: string; hash?: unknown } {
  return typeof item === 'object' && item !== null && 'name' in item && typeof item.name === 'string'
}

function note(
  found: Map<string, Found>,
  rawName: string,
  evidence: TraceSkill['evidence'],
  hash: string | null = null,
): void {
  const name = rawName.trim()
  if (name === '') return
  let skill = found.get(name)
  if (skill === undefined) {
    skill = { hashes: new Set(), isActivated: false, isDelivered: false, evidence: 'delivered' }
    found.set(name, skill)
  }
  if (evidence === 'delivered') skill.isDelivered = true
  else skill.isActivated = true
  // Loading a skill is being served its body.
  if (evidence === 'loaded') skill.isDelivered = true
  if (strength.indexOf(evidence) > strength.indexOf(skill.evidence)) skill.evidence = evidence
  const bare = (hash ?? '').toLowerCase().replace(/^sha256:/, '')
  if (bare !== '') skill.hashes.add(bare)
}

/** Whether a call asked for this skill's body, in any of the forms tools are reported in. */
function loads({ tool_calls }: CallBody, skill: string): boolean {
  return (tool_calls ?? []).some((tool) => {
    const called = isObject(tool['function']) ? tool['function'] : tool
    const name = called['tool_name'] ?? called['name']
    return name === 'load_skill' && argumentName(called['args'] ?? called['arguments']) === skill
  })
}

function argumentName(args: unknown): unknown {
  if (isObject(args)) return args['name']
  if (typeof args !== 'string') return undefined
  try {
    const parsed: unknown = JSON.parse(args)
    return isObject(parsed) ? parsed['name'] : undefined
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
