import { readList, readRecord, readText } from '../../conversation/json-value.ts'
import { isNeutral } from '../chat-members.ts'
import { refuse } from '../refuse.ts'
import { refuseSampling } from '../refuse-sampling.ts'
import { allowedBetas } from './allowed-betas.ts'
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

/** Bedrock refuses the whole request for one beta it does not know. */
function addBetas(value: unknown, modelFields: Record<string, unknown>, { dropped }: Encoding): void {
  const asked = readList(value).flatMap((beta) => readText(beta) ?? [])
  const known = asked.flatMap((beta) => allowedBetas.get(beta) ?? [])
  if (known.length < asked.length) dropped.push('anthropic_beta')
  if (known.length > 0) modelFields['anthropic_beta'] = [...new Set(known)]
}
