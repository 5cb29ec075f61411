const SMALL_MODEL = 'bench-chat'

/** Content events of a stream and the milliseconds between them: 50 tokens a second for 1.3 s, a short answer. */
export const STREAM_CONTENT_EVENTS = 64
const STREAM_GAP_MS = 20
const STREAM_MODEL = `bench-stream--events-${STREAM_CONTENT_EVENTS}--gap-${STREAM_GAP_MS}`

/** Role, contents, finish and `[DONE]`; the request does not ask for usage. */
export const STREAM_EVENTS = STREAM_CONTENT_EVENTS + 3

/** Every model name the requests use. */
export const MODELS = [SMALL_MODEL, STREAM_MODEL]

const MESSAGES = [
  { role: 'system', content: 'You are a helpful assistant.' },
  { role: 'user', content: 'Hello there! What can you do for me today?' },
]

/** Prose that JSON need not escape, as most prompts are. */
function writePrompt(bytes) {
  const sentence = 'The quick brown fox jumps over the lazy dog while 17 gateways pass its tokens along. '
  return sentence.repeat(Math.ceil(bytes / sentence.length)).slice(0, bytes)
}

const path = '/v1/chat/completions'

/** A short question, about 200 bytes. */
export const SMALL = { path, body: { model: SMALL_MODEL, messages: MESSAGES } }

/** The same with a prompt of 100 KB. */
export const LARGE = {
  path,
  body: { model: SMALL_MODEL, messages: [MESSAGES[0], { role: 'user', content: writePrompt(100_000) }] },
}

/** A paced stream. */
export const STREAM = { path, body: { model: STREAM_MODEL, stream: true, messages: MESSAGES } }
