import type Anthropic from '@anthropic-ai/sdk'
import type { ChatAnswer } from './openai-wire.ts'

const usage: Anthropic.Usage = {
  input_tokens: 11,
  output_tokens: 7,
  output_tokens_details: null,
  cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  inference_geo: null,
  server_tool_use: null,
  service_tier: 'standard',
}

/** How many tokens the prompt of every request has. */
export const anthropicTokenCount: Anthropic.MessageTokensCount = { input_tokens: 11 }

/** A whole answer of Anthropic's messages. */
export function anthropicMessage(answer: ChatAnswer = {}): Anthropic.Message {
  return {
    id: 'msg_upstream',
    type: 'message',
    role: 'assistant',
    model: answer.model ?? 'claude-sonnet-4-5-20250929',
    container: null,
    content: contentBlocks(answer),
    stop_details: null,
    stop_reason: stopReason(answer),
    stop_sequence: null,
    usage,
  }
}

/** The events of the same answer as a stream. */
export function anthropicEvents(answer: ChatAnswer = {}): AnthropicEvent[] {
  const message = anthropicMessage(answer)
  const { cache_creation: _, inference_geo: __, service_tier: ___, ...counts } = usage
  const begun = { ...message, content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } }
  return [
    { type: 'message_start', message: begun },
    { type: 'ping' },
    ...contentBlocks(answer).flatMap(blockEvents),
    {
      type: 'message_delta',
      delta: { container: null, stop_details: null, stop_reason: message.stop_reason, stop_sequence: null },
      usage: counts,
    },
    { type: 'message_stop' },
  ]
}

/** The package has no type for pings, which it drops. */
type AnthropicEvent = Anthropic.RawMessageStreamEvent | { readonly type: 'ping' }

/** An error body of Anthropic. */
export function anthropicError(type: string, message: string): object {
  return { type: 'error', error: { type, message }, request_id: 'req_upstream' }
}

export function formatAnthropicStream(events: readonly { readonly type: string }[]): string {
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')
}

type Block = Anthropic.TextBlock | Anthropic.ToolUseBlock

function contentBlocks({ content = 'Hello from the upstream.', toolCalls }: ChatAnswer): Block[] {
  // The provider leaves `citations` out where there are none, whatever its package says; some clients refuse a null.
  if (toolCalls === undefined) return [{ type: 'text', text: content } as Anthropic.TextBlock]
  return toolCalls.map((call, index) => ({
    type: 'tool_use',
    id: call.id ?? `toolu_${index}`,
    caller: { type: 'direct' },
    name: call.name,
    input: JSON.parse(call.arguments) as unknown,
  }))
}

function stopReason({ toolCalls, finishReason }: ChatAnswer): Anthropic.StopReason {
  return (finishReason as Anthropic.StopReason) ?? (toolCalls === undefined ? 'end_turn' : 'tool_use')
}

function blockEvents(block: Block, index: number): Anthropic.RawMessageStreamEvent[] {
  const start: Block = block.type === 'text' ? { ...block, text: '' } : { ...block, input: {} }
  const deltas: Anthropic.RawContentBlockDelta[] =
    block.type === 'text'
      ? block.text.split(/(?<= )/).map((text) => ({ type: 'text_delta', text }))
      : [{ type: 'input_json_delta', partial_json: JSON.stringify(block.input) }]
  return [
    { type: 'content_block_start', index, content_block: start },
    ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta }) as const),
    { type: 'content_block_stop', index },
  ]
}
