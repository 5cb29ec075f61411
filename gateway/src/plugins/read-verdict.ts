import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import type { PluginIdentity } from './loaded-plugin.ts'

/** What becomes of a call: an answer in place of the model's, or members of its body as JSON text. */
export type Verdict =
  | { readonly kind: 'answer'; readonly text: string }
  | { readonly kind: 'change'; readonly members: ReadonlyMap<string, string> }

const record = z.record(z.string(), z.unknown())
const denialSchema = z.object({ message: z.string().min(1), id: z.string().optional() })
/** What was asked for and how it is delivered was settled when the call was admitted. */
const settled = ['model', 'stream']

/**
 * Reads what `onLlmPreCall` returned; null lets the call pass as it is. Errors: 446 `guardrail_denied` where a guardrail says so;
 * a TypeError for what is no verdict.
 */
export function readVerdict(
  value: unknown,
  body: Readonly<Record<string, unknown>>,
  identity: PluginIdentity,
): Verdict | null {
  if (value === null || value === undefined) return null
  const members = record.safeParse(value)
  if (!members.success) throw new TypeError('it returned neither an object nor null')
  const { deny, shortCircuit, ...changes } = members.data
  if (deny !== undefined) throw denial(deny, identity)
  if (shortCircuit !== undefined) return { kind: 'answer', text: textOf(record.parse(shortCircuit)) }
  const changed = settled.find((name) => name in changes && changes[name] !== body[name])
  if (changed !== undefined) throw new TypeError(`it may not change \`${changed}\``)
  const given = Object.entries(changes).filter(([name, one]) => !settled.includes(name) && one !== undefined)
  return given.length === 0
    ? null
    : { kind: 'change', members: new Map(given.map(([name, one]) => [name, textOf(one)])) }
}

/**
 * Reads what `onLlmAnswer` returned about texts: those in their places, null where none of them changes. Errors: 446 `guardrail_denied`; a TypeError for
 * what is no verdict.
 */
export function readAnswerVerdict(
  value: unknown,
  texts: readonly string[],
  identity: PluginIdentity,
): readonly string[] | null {
  if (value === null || value === undefined) return null
  const given = record.parse(value)
  if (given['deny'] !== undefined) throw denial(given['deny'], identity)
  const changed = z.array(z.string()).length(texts.length).parse(given['texts'])
  return changed.every((text, at) => text === texts[at]) ? null : changed
}

function denial(value: unknown, { name, capabilities }: PluginIdentity): GatewayError {
  if (!capabilities.includes('GUARDRAIL'))
    throw new TypeError('only a plugin with the capability GUARDRAIL may deny a call')
  const { message, id } = denialSchema.parse(value)
  return new GatewayError('guardrail_denied', message, {
    extras: { guardrails: [{ id: id ?? name, name, message }] },
  })
}

function textOf(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined
  if (text === undefined) throw new TypeError('a member it sets is no JSON')
  return text
}
