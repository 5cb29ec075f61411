import { isGatewayMember } from '../../conversation/gateway-members.ts'
import { type JsonRecord, readRecord } from '../../conversation/json-value.ts'
import { type BodyEdits, noEdits } from '../passthrough-edits.ts'
import type { WireTarget } from '../wire.ts'
import { readModelFacts } from './model-facts.ts'
import { repairContents } from './repair-contents.ts'

/** Where parameters with which operators configure any deployment stand in this dialect. */
const generationNames = new Map<string, string>(
  Object.entries({
    temperature: 'temperature',
    top_p: 'topP',
    top_k: 'topK',
    max_tokens: 'maxOutputTokens',
    max_completion_tokens: 'maxOutputTokens',
    seed: 'seed',
    frequency_penalty: 'frequencyPenalty',
    presence_penalty: 'presencePenalty',
  }),
)

/**
 * A `generateContent` body goes upstream as it is, without what speaks to the gateway, and with its history as this
 * model takes it.
 */
export function editPassthrough(body: JsonRecord, { upstreamModel }: WireTarget): BodyEdits {
  const counted = readRecord(body['generateContentRequest'])
  // The request to be counted names the model once more, and must name the same.
  if (counted?.['model'] !== undefined)
    return { ...noEdits, set: { generateContentRequest: { ...counted, model: `models/${upstreamModel}` } } }

  const contents = repairContents(body['contents'], readModelFacts(upstreamModel))
  const edits = editMembers(body)
  return contents === null ? edits : { ...edits, set: { ...edits.set, contents } }
}

function editMembers(body: JsonRecord): BodyEdits {
  const remove: string[] = []
  const defaults: Record<string, unknown> = {}
  for (const name in body) {
    const generationName = generationNames.get(name)
    if (generationName !== undefined) defaults[generationName] = body[name]
    if (generationName !== undefined || isGatewayMember(name)) remove.push(name)
  }
  if (remove.length === 0) return noEdits
  if (Object.keys(defaults).length === 0) return { ...noEdits, remove }
  const member = body['generation_config'] === undefined ? 'generationConfig' : 'generation_config'
  return { ...noEdits, remove, set: { [member]: { ...defaults, ...readRecord(body[member]) } } }
}
