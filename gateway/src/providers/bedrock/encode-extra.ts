import { readList, readRecord, readText } from '../../conversation/json-value.ts'
import { filterBetas } from '../anthropic-betas.ts'
import { isNeutral } from '../chat-members.ts'
import { refuse } from '../refuse.ts'
import { refuseSampling } from '../refuse-sampling.ts'
import type { Encoding } from './encoding.ts'

/** Members of Converse itself, which callers write beside those of their dialect. */
const ownMembers = new Set([
  'guardrailConfig',
  'performanceConfig',
  'promptVariables',
  'requestMetadata',
  'additionalModelResponseFieldPaths',
])
const unsupported = new Set(['logit_bias', 'logprobs', 'top_logprobs', 'audio', 'prediction'])
const tiers = new Set(['priority', 'flex', 'default', 'reserved'])

interface EncodedExtra {
  readonly members: Record<string, unknown>
  /** For `additionalModelRequestFields`, which go to the model as they are. */
  readonly modelFields: Record<string, unknown>
}

/**
 * The caller's unmodelled members: Converse's own go where they belong. It refuses unknown ones, so those are left
 * out and noted. Errors: 400 `unsupported_parameter`.
 */
export function encodeExtra(encoding: Encoding): EncodedExtra {
  const { extra, serviceTier, user } = encoding.request
  refuseSampling(encoding)
  const members: Record<string, unknown> = {}
  const modelFields: Record<string, unknown> = { ...readRecord(extra['additionalModelRequestFields']) }
  for (const name in extra) {
    if (name === 'additionalModelRequestFields' || name === 'thinking') continue
    if (ownMembers.has(name)) members[name] = extra[name]
    else if (name === 'anthropic_beta') addBetas(extra[name], modelFields, encoding)
    else if (!unsupported.has(name)) encoding.dropped.push(name)
    else if (!isNeutral(extra[name])) refuse(name, encoding)
  }
  if (serviceTier !== null && tiers.has(serviceTier)) members['serviceTier'] = { type: serviceTier }
  else if (serviceTier !== null && serviceTier !== 'auto') encoding.dropped.push('service_tier')
  if (user !== null) encoding.dropped.push('user')
  return { members, modelFields }
}

/** A list, or the value of the client's header. Bedrock refuses the whole request for one flag it does not know. */
function addBetas(value: unknown, modelFields: Record<string, unknown>, { dropped }: Encoding): void {
  const asked = readText(value) ?? readList(value).join(',')
  const known = filterBetas(asked, 'bedrock')?.split(',') ?? []
  if (known.length < asked.split(',').length) dropped.push('anthropic_beta')
  if (known.length > 0) modelFields['anthropic_beta'] = known
}
