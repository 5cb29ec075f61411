const MODEL = 'gpt-4o-mini-2024-07-18'
const CREATED = 1_760_000_000
const ID = 'chatcmpl-CNbq2x7Yt0vKc9mZr4LwPaDs81hUe'
const FINGERPRINT = 'fp_560af6e559'
const WORDS = [
  ' the',
  ' gateway',
  ' answers',
  ' quickly',
  ',',
  ' token',
  ' by',
  ' token',
  '.',
  ' Then',
  ' rests',
]
const PROVIDER_HEADERS =
  'openai-organization: bench\r\nopenai-processing-ms: 212\r\nopenai-version: 2020-10-01\r\n' +
  'x-ratelimit-limit-requests: 30000\r\nx-ratelimit-remaining-requests: 29999\r\n' +
  'x-ratelimit-remaining-tokens: 149999982\r\nx-request-id: req_3f6c1f0d5a7b4e0c9d2ab8e1f4c7d6a5\r\n'

/**
 * @param {number} status
 * @param {object} content
 * @returns {Buffer} a whole HTTP answer
 */
export function formatJsonAnswer(status, content) {
  const body = JSON.stringify(content)
  const reason = status === 200 ? 'OK' : 'Error'
  return Buffer.from(
    `HTTP/1.1 ${status} ${reason}\r\ndate: Thu, 09 Oct 2025 08:53:20 GMT\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n${PROVIDER_HEADERS}connection: keep-alive\r\n\r\n${body}`,
  )
}

function usageOf(completionTokens) {
  return {
    prompt_tokens: 24,
    completion_tokens: completionTokens,
    total_tokens: 24 + completionTokens,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
  }
}

/** The plain chat answer: about 700 bytes of body, as the provider sends it for a short question. */
export const CHAT_ANSWER = formatJsonAnswer(200, {
  id: ID,
  object: 'chat.completion',
  created: CREATED,
  model: MODEL,
  choices: [
    {
      index: 0,
      message: {
        role: 'assistant',
        content: 'Hello! How can I help you today?',
        refusal: null,
        annotations: [],
      },
      logprobs: null,
      finish_reason: 'stop',
    },
  ],
  usage: usageOf(9),
  service_tier: 'default',
  system_fingerprint: FINGERPRINT,
})

function frame(event) {
  const bytes = Buffer.from(`data: ${event}\n\n`)
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])
}

function frameChunk(choices, usage) {
  const chunk = {
    id: ID,
    object: 'chat.completion.chunk',
    created: CREATED,
    model: MODEL,
    service_tier: 'default',
    system_fingerprint: FINGERPRINT,
    choices,
  }
  return frame(JSON.stringify(usage === undefined ? chunk : { ...chunk, usage }))
}

function frameDelta(delta, finishReason, usage) {
  return frameChunk([{ index: 0, delta, logprobs: null, finish_reason: finishReason }], usage)
}

const STREAM_HEAD = Buffer.from(
  'HTTP/1.1 200 OK\r\ndate: Thu, 09 Oct 2025 08:53:20 GMT\r\ncontent-type: text/event-stream; charset=utf-8\r\n' +
    `transfer-encoding: chunked\r\n${PROVIDER_HEADERS}connection: keep-alive\r\n\r\n`,
)

/**
 * The writes of one streamed answer. The first holds head, role and first content event; the last holds the
 * last content event, finish, the usage event when it was asked, `[DONE]` and the end of the body.
 * @param {number} events content events
 * @param {boolean} withUsage the request asked `stream_options.include_usage`
 * @returns {Buffer[]} one element per content event
 */
export function formatStreamWrites(events, withUsage) {
  const usage = withUsage ? null : undefined
  const writes = Array.from({ length: Math.max(events, 1) }, (_, index) =>
    index < events ? frameDelta({ content: WORDS[index % WORDS.length] }, null, usage) : Buffer.alloc(0),
  )
  const role = frameDelta({ role: 'assistant', content: '', refusal: null }, null, usage)
  writes[0] = Buffer.concat([STREAM_HEAD, role, writes[0]])
  const last = [writes[writes.length - 1], frameDelta({}, 'stop', usage)]
  if (withUsage) last.push(frameChunk([], usageOf(events)))
  writes[writes.length - 1] = Buffer.concat([...last, frame('[DONE]'), Buffer.from('0\r\n\r\n')])
  return writes
}

/**
 * @param {string} body an embeddings request
 * @returns {Buffer} a whole HTTP answer: 1 536 dimensions an input, floats or base64 as asked
 */
export function formatEmbeddingsAnswer(body) {
  const request = JSON.parse(body)
  const inputs = Array.isArray(request.input) ? request.input : [request.input]
  const vector = Float32Array.from({ length: 1536 }, (_, index) => Math.fround(Math.sin(index + 1) / 40))
  const embedding =
    request.encoding_format === 'base64' ? Buffer.from(vector.buffer).toString('base64') : Array.from(vector)
  return formatJsonAnswer(200, {
    object: 'list',
    data: inputs.map((_, index) => ({ object: 'embedding', index, embedding })),
    model: 'text-embedding-3-small',
    usage: { prompt_tokens: inputs.length * 8, total_tokens: inputs.length * 8 },
  })
}
