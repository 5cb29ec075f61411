import type { ChatAnswer } from './openai-wire.ts'

const usage = {
  input_tokens: 11,
  input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
  output_tokens: 7,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 18,
}

type Item = Readonly<Record<string, unknown>> & { readonly id: string; readonly type: string }
type Event = Readonly<Record<string, unknown>> & { readonly type: string }

/** A whole answer of OpenAI's Responses. */
export function responseObject(answer: ChatAnswer = {}, members: object = {}): Record<string, unknown> {
  return {
    id: 'resp_upstream',
    object: 'response',
    created_at: 1_750_000_000,
    status: 'completed',
    background: false,
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: null,
    max_tool_calls: null,
    model: answer.model ?? 'gpt-4o-mini-2024-07-18',
    output: outputItems(answer),
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    service_tier: 'default',
    store: true,
    temperature: 1,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [],
    top_logprobs: 0,
    top_p: 1,
    truncation: 'disabled',
    usage,
    metadata: {},
    ...members,
  }
}

/** The events of the same answer as a stream. */
export function responseEvents(answer: ChatAnswer = {}, members: object = {}): Event[] {
  const whole = responseObject(answer, members)
  const { usage: _, ...head } = whole
  const response = { ...head, status: 'in_progress', output: [] }
  const events: Event[] = [
    { type: 'response.created', response },
    { type: 'response.in_progress', response },
    ...outputItems(answer).flatMap(itemEvents),
    { type: 'response.completed', response: whole },
  ]
  return events.map(({ type, ...event }, index) => ({ type, sequence_number: index, ...event }))
}

export function formatResponsesStream(events: readonly Event[]): string {
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')
}

function outputItems({ content = 'Hello from the upstream.', toolCalls }: ChatAnswer): Item[] {
  if (toolCalls === undefined) {
    const part = { type: 'output_text', text: content, annotations: [], logprobs: [] }
    return [{ id: 'msg_upstream', type: 'message', status: 'completed', role: 'assistant', content: [part] }]
  }
  return toolCalls.map((call, index) => ({
    id: `fc_upstream_${index}`,
    type: 'function_call',
    status: 'completed',
    call_id: call.id ?? `call_${index}`,
    name: call.name,
    arguments: call.arguments,
  }))
}

function itemEvents(item: Item, index: number): Event[] {
  const place = { item_id: item.id, output_index: index }
  const started = {
    ...item,
    status: 'in_progress',
    ...(item.type === 'message' ? { content: [] } : { arguments: '' }),
  }
  const deltas = item.type === 'message' ? textEvents(item, place) : argumentEvents(item, place)
  return [
    { type: 'response.output_item.added', output_index: index, item: started },
    ...deltas,
    { type: 'response.output_item.done', output_index: index, item },
  ]
}

function textEvents(item: Item, place: object): Event[] {
  const [part] = item['content'] as [{ text: string }]
  const address = { ...place, content_index: 0 }
  return [
    { type: 'response.content_part.added', ...address, part: { ...part, text: '' } },
    ...part.text
      .split(/(?<= )/)
      .map((delta) => ({ type: 'response.output_text.delta', ...address, delta, logprobs: [] })),
    { type: 'response.output_text.done', ...address, text: part.text, logprobs: [] },
    { type: 'response.content_part.done', ...address, part },
  ]
}

function argumentEvents(item: Item, place: object): Event[] {
  const text = String(item['arguments'])
  return [
    { type: 'response.function_call_arguments.delta', ...place, delta: text },
    { type: 'response.function_call_arguments.done', ...place, name: item['name'], arguments: text },
  ]
}
