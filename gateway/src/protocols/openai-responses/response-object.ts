import { type JsonRecord, readRecord, readText } from '../../conversation/json-value.ts'
import type { ReplyHead } from '../protocol.ts'

/** What a response says beyond its head and what it repeats of the request. */
export interface ResponseState {
  readonly status: 'in_progress' | 'completed' | 'incomplete' | 'failed'
  readonly output: readonly JsonRecord[]
  readonly usage: JsonRecord | null
  readonly incompleteReason?: 'max_output_tokens' | 'content_filter' | null
  readonly error?: JsonRecord | null
}

/**
 * The response object, with every member present and null where the request set nothing; `usage` and `user` only when
 * there are any, because the public schema does not let them be null.
 */
export function formatResponse(head: ReplyHead, body: JsonRecord, state: ResponseState): JsonRecord {
  const { incompleteReason = null } = state
  const echo = (name: string, unset: unknown = null): unknown => body[name] ?? unset
  return {
    id: head.id,
    object: 'response',
    created_at: head.created,
    status: state.status,
    background: echo('background', false),
    error: state.error ?? null,
    incomplete_details: incompleteReason === null ? null : { reason: incompleteReason },
    instructions: echo('instructions'),
    max_output_tokens: echo('max_output_tokens'),
    max_tool_calls: echo('max_tool_calls'),
    model: head.model,
    output: state.output,
    parallel_tool_calls: echo('parallel_tool_calls', true),
    previous_response_id: echo('previous_response_id'),
    prompt_cache_key: echo('prompt_cache_key'),
    reasoning: echo('reasoning', { effort: null, summary: null }),
    safety_identifier: echo('safety_identifier'),
    service_tier: echo('service_tier', 'default'),
    store: body['store'] !== false,
    temperature: echo('temperature'),
    text: { format: { type: 'text' }, ...readRecord(body['text']) },
    tool_choice: formatToolChoice(body['tool_choice']),
    tools: echo('tools', []),
    top_logprobs: echo('top_logprobs', 0),
    top_p: echo('top_p'),
    truncation: echo('truncation', 'disabled'),
    ...(state.usage === null ? {} : { usage: state.usage }),
    ...(readText(body['user']) === null ? {} : { user: body['user'] }),
    metadata: echo('metadata', {}),
  }
}

/** Some clients wrap the words; what comes back is the public form. */
function formatToolChoice(choice: unknown): unknown {
  const type = readRecord(choice)?.['type']
  return type === 'auto' || type === 'none' || type === 'required' ? type : (choice ?? 'auto')
}
