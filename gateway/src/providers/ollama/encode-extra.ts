import { readRecord } from '../../conversation/json-value.ts'
import { isNeutral } from '../chat-members.ts'
import { refuse } from '../refuse.ts'
import type { WireEncoding } from '../wire-encoding.ts'

/** Run-time options by Ollama's own names, which callers write beside the members of their dialect. */
const optionNames = new Set([
  'num_ctx',
  'num_keep',
  'num_predict',
  'num_batch',
  'num_gpu',
  'main_gpu',
  'num_thread',
  'use_mmap',
  'repeat_last_n',
  'repeat_penalty',
  'typical_p',
  'min_p',
  'mirostat',
  'mirostat_eta',
  'mirostat_tau',
])
/** Members of `/api/chat` itself. */
const ownMembers = new Set(['keep_alive', 'think', 'truncate', 'shift'])
const unsupported = new Set(['logit_bias', 'logprobs', 'top_logprobs', 'audio', 'prediction'])

interface EncodedExtra {
  readonly options: Readonly<Record<string, unknown>>
  readonly members: Readonly<Record<string, unknown>>
}

/** The caller's unmodelled members: Ollama's own go where they belong, the rest is noted as lost. Errors: 400. */
export function encodeExtra(encoding: WireEncoding): EncodedExtra {
  const { extra, user, serviceTier } = encoding.request
  const options: Record<string, unknown> = { ...readRecord(extra['options']) }
  const members: Record<string, unknown> = {}
  for (const name in extra) {
    const value = extra[name]
    if (name === 'options') continue
    if (optionNames.has(name)) options[name] = value
    else if (ownMembers.has(name)) members[name] = value
    else if (unsupported.has(name)) {
      if (!isNeutral(value)) refuse(name, encoding)
    } else encoding.dropped.push(name)
  }
  if (user !== null) encoding.dropped.push('user')
  if (serviceTier !== null) encoding.dropped.push('service_tier')
  return { options, members }
}
