import type { ChatAnswer } from './openai-wire.ts'

const usage = {
  input_tokens: 11,
  output_tokens: 7,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
}

/** A whole answer of Anthropic's messages. */
export function anthropicMessage(answer: ChatAnswer = {}): object {
  return {
    id: 'msg_upstream',
    type: 'message',
    role: 'assistant',
    model: answer.model ?? 'claude-sonnet-4-5-20250929',
    content: contentBlocks(answer),
    stop_reason: stopReason(answer),
    stop_sequence: null,
    usage,
  }
}

/** The events of the same answer as a stream. */
export function anthropicEvents(answer: ChatAnswer = {}): { readonly type: string }[] {
  const message = { ...(anthropicMessage(answer) as Record<string, unknown>), content: [], stop_reason: null }
  return [
    { type: 'message_start', message: { ...message, usage: { ...usage, output_tokens: 1 } } } as {
      type: string
    },
    { type: 'ping' },
    ...contentBlocks(answer).flatMap(blockEvents),
    {
      type: 'message_delta',
      delta: { stop_reason: stopReason(answer), stop_sequence: null },
      usage: { output_tokens: usage.output_tokens },
    } as { type: string },
    { type: 'message_stop' },
  ]
}

/** An error body of Anthropic. */
export function anthropicError(type: string, message: string): object {
  return { type: 'error', error: { type, message }, request_id: 'req_upstream' }
}

export function formatAnthropicStream(events: readonly { readonly type: string }[]): string {
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')
}

type Block = { type: 'text'; text: string } | { type: 'tool_use'; id: string; name: string; input: unknown }

function contentBlocks({ content = 'Hello from the upstream.', toolCalls }: ChatAnswer): Block[] {
  if (toolCalls === undefined) return [{ type: 'text', text: content }]
  return toolCalls.map((call, index) => ({
    type: 'tool_use',
    id: call.id ?? `toolu_${index}`,
    name: call.name,
    input: JSON.parse(call.arguments) as unknown,
  }))
}

function stopReason({ toolCalls, finishReason }: ChatAnswer): string {
  return finishReason ?? (toolCalls === undefined ? 'end_turn' : 'tool_use')
}

function blockEvents(block: Block, index: number): { type: string }[] {
  const start = block.type === 'text' ? { ...block, text: '' } : { ...block, input: {} }
  const deltas =
    block.type === 'text'
      ? block.text.split(/(?<= )/).map((text) => ({ type: 'text_delta', text }))
      : [{ type: 'input_json_delta', partial_json: JSON.stringify(block.input) }]
  return [
    { type: 'content_block_start', index, content_block: start } as { type: string },
    ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta }) as { type: string }),
    { type: 'content_block_stop', index } as { type: string },
  ]
}
