import { type JsonRecord, readRecord } from '../../conversation/json-value.ts'
import type { BodyEdits } from '../passthrough-edits.ts'
import { unsupportedParameter } from '../unsupported-parameter.ts'
import type { WireTarget } from '../wire.ts'
import { editMessages, hasMessageQuirks } from './edit-messages.ts'
import { replaceJsonSchema } from './replace-json-schema.ts'

/** Edits being gathered. */
export interface PendingEdits {
  readonly remove: string[]
  readonly set: Record<string, unknown>
  readonly dropped: string[]
}

/**
 * What one vendor of this wire needs changed in a chat completion body: token limit field, renamed and unsupported
 * members, roles, tool ids, tool choice, response format. Errors: 400 `unsupported_parameter` naming the member.
 */
export function collectVendorEdits(body: JsonRecord, target: WireTarget, edits: PendingEdits): void {
  const { quirks } = target.provider
  if (quirks.unsupportedParams !== undefined) refuse(body, quirks.unsupportedParams, target, edits)
  let maxTokensField = quirks.maxTokensField
  for (const rule of quirks.modelRules ?? []) {
    if (!rule.models.test(target.upstreamModel)) continue
    maxTokensField = rule.maxTokensField ?? maxTokensField
    if (rule.unsupportedParams !== undefined) refuse(body, rule.unsupportedParams, target, edits)
  }
  if (maxTokensField === 'max_tokens') rename(body, 'max_completion_tokens', 'max_tokens', edits)
  if (maxTokensField === 'max_completion_tokens') rename(body, 'max_tokens', 'max_completion_tokens', edits)
  for (const name in quirks.renamedParams) rename(body, name, quirks.renamedParams[name] ?? name, edits)
  if (quirks.requiredToolChoice !== undefined && body['tool_choice'] === 'required') {
    edits.set['tool_choice'] = quirks.requiredToolChoice
  }
  if (quirks.supportsParallelToolCalls === false) drop(body, 'parallel_tool_calls', edits)
  if (hasMessageQuirks(quirks)) editMessages(body, target, edits)
  if (quirks.supportsJsonSchema === false) replaceJsonSchema(body, edits)
}

/** The body with its edits applied; the same object when there are none. */
export function applyEdits(body: JsonRecord, { remove, set }: Pick<BodyEdits, 'remove' | 'set'>): JsonRecord {
  const edited: Record<string, unknown> = { ...body, ...set }
  for (const name of remove) delete edited[name]
  return edited
}

/** The newer field wins when a caller sent both. */
function rename(body: JsonRecord, from: string, to: string, edits: PendingEdits): void {
  const value = body[from]
  if (value === undefined) return
  edits.remove.push(from)
  if (value !== null && (body[to] === undefined || from === 'max_completion_tokens')) edits.set[to] = value
}

function drop(body: JsonRecord, name: string, edits: PendingEdits): void {
  if (body[name] === undefined) return
  edits.remove.push(name)
  edits.dropped.push(name)
}

/** Values that change nothing and may therefore go upstream or be left out without a word. */
const neutralValues: Readonly<Record<string, unknown>> = {
  n: 1,
  temperature: 1,
  top_p: 1,
  frequency_penalty: 0,
  presence_penalty: 0,
  logprobs: false,
}

function refuse(body: JsonRecord, names: readonly string[], target: WireTarget, edits: PendingEdits): void {
  for (const name of names) {
    const value = body[name]
    if (value === undefined || edits.remove.includes(name)) continue
    if (value === null || value === neutralValues[name] || isEmptyRecord(value)) edits.remove.push(name)
    else if (target.dropParams) drop(body, name, edits)
    else throw unsupportedParameter(name, target)
  }
}

function isEmptyRecord(value: unknown): boolean {
  const record = readRecord(value)
  return record !== null && Object.keys(record).length === 0
}
