import { isNeutral } from '../chat-members.ts'
import { refuse } from '../refuse.ts'
import type { WireEncoding } from '../wire-encoding.ts'

/** Members of `/v2/chat` itself, which callers write beside those of their dialect. */
const ownMembers = new Set([
  'documents',
  'citation_options',
  'safety_mode',
  'strict_tools',
  'thinking',
  'priority',
])
const unsupported = new Set(['logit_bias', 'logprobs', 'top_logprobs', 'audio', 'prediction'])

/** The caller's unmodelled members: Cohere's own go upstream, the rest, which it refuses, is noted. Errors: 400. */
export function encodeExtra(encoding: WireEncoding): Record<string, unknown> {
  const { extra, user, serviceTier, webSearch } = encoding.request
  const members: Record<string, unknown> = {}
  for (const name in extra) {
    if (ownMembers.has(name)) members[name] = extra[name]
    else if (!unsupported.has(name)) encoding.dropped.push(name)
    else if (!isNeutral(extra[name])) refuse(name, encoding)
  }
  if (webSearch !== null) refuse('web_search_options', encoding)
  if (user !== null) encoding.dropped.push('user')
  if (serviceTier !== null) encoding.dropped.push('service_tier')
  return members
}
