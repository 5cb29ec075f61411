export const usage = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 }

export interface ToolCall {
  readonly id?: string
  readonly name: string
  /** JSON text. */
  readonly arguments: string
}

export interface ChatAnswer {
  readonly content?: string
  readonly toolCalls?: readonly ToolCall[]
  readonly finishReason?: string
  readonly model?: string
}

/** A whole answer of OpenAI's chat completions. */
export function chatCompletion(answer: ChatAnswer = {}): object {
  const {
    content = 'Hello from the upstream.',
    toolCalls,
    finishReason,
    model = 'gpt-4o-mini-2024-07-18',
  } = answer
  const message = {
    role: 'assistant',
    content: toolCalls === undefined ? content : null,
    refusal: null,
    ...(toolCalls === undefined ? {} : { tool_calls: toolCalls.map(formatToolCall) }),
  }
  const finish_reason = finishReason ?? (toolCalls === undefined ? 'stop' : 'tool_calls')
  return {
    id: 'chatcmpl-upstream',
    object: 'chat.completion',
    created: 1_750_000_000,
    model,
    choices: [{ index: 0, message, logprobs: null, finish_reason }],
    usage,
    system_fingerprint: 'fp_test',
  }
}

/** The events of the same answer as a stream, without `[DONE]`; usage only where it was asked for. */
export function chatChunks(answer: ChatAnswer = {}, includeUsage = false): object[] {
  const {
    content = 'Hello from the upstream.',
    toolCalls,
    finishReason,
    model = 'gpt-4o-mini-2024-07-18',
  } = answer
  const chunk = (delta: object, finish_reason: string | null = null): object => ({
    id: 'chatcmpl-upstream',
    object: 'chat.completion.chunk',
    created: 1_750_000_000,
    model,
    system_fingerprint: 'fp_test',
    choices: [{ index: 0, delta, logprobs: null, finish_reason }],
    ...(includeUsage ? { usage: null } : {}),
  })
  const deltas =
    toolCalls === undefined
      ? content.split(/(?<= )/).map((word) => ({ content: word }))
      : toolCalls.flatMap(toolCallDeltas)
  return [
    chunk({ role: 'assistant', content: toolCalls === undefined ? '' : null, refusal: null }),
    ...deltas.map((delta) => chunk(delta)),
    chunk({}, finishReason ?? (toolCalls === undefined ? 'stop' : 'tool_calls')),
    ...(includeUsage ? [{ ...(chunk({}) as Record<string, unknown>), choices: [], usage }] : []),
  ]
}

/** A whole answer of OpenAI's legacy completions. */
export function textCompletion(text = 'Hello from the upstream.'): object {
  return {
    id: 'cmpl-upstream',
    object: 'text_completion',
    created: 1_750_000_000,
    model: 'gpt-3.5-turbo-instruct',
    choices: [{ index: 0, text, logprobs: null, finish_reason: 'stop' }],
    usage,
  }
}

/** The same as a stream, word by word. */
export function textCompletionChunks(text = 'Hello from the upstream.'): object[] {
  const chunk = (piece: string, finish_reason: string | null = null): object => ({
    ...{ id: 'cmpl-upstream', object: 'text_completion', created: 1_750_000_000 },
    model: 'gpt-3.5-turbo-instruct',
    choices: [{ index: 0, text: piece, logprobs: null, finish_reason }],
  })
  return [...text.split(/(?<= )/).map((word) => chunk(word)), chunk('', 'stop')]
}

/** OpenAI's embeddings, one of three dimensions for each input; base64 where the request asks for it. */
export function embeddings(request: Readonly<Record<string, unknown>>): object {
  const { input, encoding_format, model } = request as {
    input?: unknown
    encoding_format?: string
    model?: string
  }
  const isList = Array.isArray(input) && typeof input[0] !== 'number'
  const count = isList ? input.length : 1
  const data = Array.from({ length: count }, (_, index) => {
    const vector = [index + 0.5, -0.25, 0.125]
    const embedding =
      encoding_format === 'base64' ? Buffer.from(Float32Array.from(vector).buffer).toString('base64') : vector
    return { object: 'embedding', index, embedding }
  })
  return { object: 'list', data, model, usage: { prompt_tokens: 5, total_tokens: 5 } }
}

/** An error body of OpenAI. */
export function openaiError(
  message: string,
  type = 'invalid_request_error',
  code: string | null = null,
): object {
  return { error: { message, type, param: null, code } }
}

/** Server-sent events with `[DONE]` at the end. */
export function formatOpenaiStream(chunks: readonly object[]): string {
  return `${chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join('')}data: [DONE]\n\n`
}

function formatToolCall(call: ToolCall, index: number): object {
  return {
    id: call.id ?? `call_${index}`,
    type: 'function',
    function: { name: call.name, arguments: call.arguments },
  }
}

function toolCallDeltas(call: ToolCall, index: number): object[] {
  const middle = Math.floor(call.arguments.length / 2)
  const opening = {
    index,
    id: call.id ?? `call_${index}`,
    type: 'function',
    function: { name: call.name, arguments: '' },
  }
  const part = (text: string): object => ({ tool_calls: [{ index, function: { arguments: text } }] })
  return [
    { tool_calls: [opening] },
    part(call.arguments.slice(0, middle)),
    part(call.arguments.slice(middle)),
  ]
}
