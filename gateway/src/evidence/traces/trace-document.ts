import type { CallBody, SpanBody, TraceBody } from './trace-schema.ts'

const previewCharacters = 2_000
const toolMembers = ['id', 'tool_name', 'name', 'tool_version', 'status', 'latency_ms']

/** What is shown of a trace later: everything known but rendered prompts, answers and the arguments of tools. */
export function formatTraceDocument(
  body: TraceBody,
  spans: readonly SpanBody[],
  calls: readonly CallBody[],
): Record<string, unknown> {
  const { user_input, final_output, eval_score: _, spans: __, llm_calls: ___, ...members } = body
  return withoutNull({
    ...members,
    user_input_preview: cut(body.user_input_preview ?? user_input),
    final_output_preview: cut(body.final_output_preview ?? final_output),
    error_message: cut(body.error_message),
    spans: spans.map(({ input_preview, output_preview, ...span }) =>
      withoutNull({ ...span, input_preview: cut(input_preview), output_preview: cut(output_preview) }),
    ),
    llm_calls: calls.map(({ tool_calls, ...call }) =>
      withoutNull({ ...call, tool_calls: (tool_calls ?? []).map(describeTool) }),
    ),
  })
}

function describeTool(tool: Record<string, unknown>): Record<string, unknown> {
  const called = tool['function']
  const name = typeof called === 'object' && called !== null && 'name' in called ? { name: called.name } : {}
  const known = toolMembers.flatMap((member) => (member in tool ? [[member, tool[member]] as const] : []))
  return { ...Object.fromEntries(known), ...name }
}

/** On a character boundary: half a surrogate pair is no text. */
function cut(text: string | null | undefined): string | null {
  if (text == null || text.length <= previewCharacters) return text ?? null
  const end = previewCharacters - (/[\uD800-\uDBFF]/.test(text.charAt(previewCharacters - 1)) ? 1 : 0)
  return text.slice(0, end)
}

/** An absent list of skills says that the client did not report it, which an empty one would not. */
function withoutNull(members: Record<string, unknown>): Record<string, unknown> {
  const said: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(members)) {
    if (value !== null && value !== undefined) said[name] = value
  }
  return said
}
