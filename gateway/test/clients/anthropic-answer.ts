import type Anthropic from '@anthropic-ai/sdk'
import { formatAnthropicStream } from '../harness/anthropic-wire.ts'
import type { Step } from '../harness/scripted-upstream.ts'
import { respond, respondStream } from '../harness/steps.ts'

/** A whole answer, in the provider's own types. */
export function messageOf(
  content: Anthropic.ContentBlock[],
  usage: Partial<Anthropic.Usage> = {},
): Anthropic.Message {
  return {
    id: 'msg_01',
    type: 'message',
    role: 'assistant',
    model: 'claude-sonnet-4-5-20250929',
    container: null,
    content,
    stop_details: null,
    stop_reason: content.some((block) => block.type === 'tool_use') ? 'tool_use' : 'end_turn',
    stop_sequence: null,
    usage: {
      input_tokens: 20,
      output_tokens: 10,
      output_tokens_details: null,
      cache_creation: null,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      inference_geo: null,
      server_tool_use: null,
      service_tier: 'standard',
      ...usage,
    },
  }
}

/** Sends the message whole or as a stream, as the request asks. */
export function answerMessage(message: Anthropic.Message): Step {
  return (call) => {
    const step =
      call.request.json['stream'] === true
        ? respondStream(formatAnthropicStream(messageEvents(message)))
        : respond(200, message)
    return step(call)
  }
}

/** The message as the provider streams it: usage in the first and the last event, each block in deltas. */
export function messageEvents(message: Anthropic.Message): Anthropic.RawMessageStreamEvent[] {
  const { usage } = message
  const begun = { ...message, content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } }
  return [
    { type: 'message_start', message: begun },
    ...message.content.flatMap(blockEvents),
    {
      type: 'message_delta',
      delta: {
        container: null,
        stop_details: null,
        stop_reason: message.stop_reason,
        stop_sequence: message.stop_sequence,
      },
      usage: {
        cache_creation_input_tokens: usage.cache_creation_input_tokens,
        cache_read_input_tokens: usage.cache_read_input_tokens,
        input_tokens: usage.input_tokens,
        output_tokens: usage.output_tokens,
        output_tokens_details: usage.output_tokens_details,
        server_tool_use: usage.server_tool_use,
      },
    },
    { type: 'message_stop' },
  ]
}

function blockEvents(block: Anthropic.ContentBlock, index: number): Anthropic.RawMessageStreamEvent[] {
  const { start, deltas } = splitBlock(block)
  return [
    { type: 'content_block_start', index, content_block: start },
    ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta }) as const),
    { type: 'content_block_stop', index },
  ]
}

interface SplitBlock {
  readonly start: Anthropic.ContentBlock
  readonly deltas: Anthropic.RawContentBlockDelta[]
}

function splitBlock(block: Anthropic.ContentBlock): SplitBlock {
  switch (block.type) {
    case 'text':
      return {
        start: { ...block, text: '', citations: null },
        deltas: [
          ...halves(block.text).map((text) => ({ type: 'text_delta', text }) as const),
          ...(block.citations ?? []).map((citation) => ({ type: 'citations_delta', citation }) as const),
        ],
      }
    case 'thinking':
      return {
        start: { ...block, thinking: '', signature: '' },
        deltas: [
          ...halves(block.thinking).map((thinking) => ({ type: 'thinking_delta', thinking }) as const),
          { type: 'signature_delta', signature: block.signature },
        ],
      }
    case 'tool_use':
      return {
        start: { ...block, input: {} },
        deltas: halves(JSON.stringify(block.input)).map(
          (partial_json) => ({ type: 'input_json_delta', partial_json }) as const,
        ),
      }
    default:
      return { start: block, deltas: [] }
  }
}

function halves(text: string): [string, string] {
  const middle = Math.floor(text.length / 2)
  return [text.slice(0, middle), text.slice(middle)]
}
