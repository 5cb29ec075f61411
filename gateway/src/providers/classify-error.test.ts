import { expect, it } from 'vitest'
import { classifyError } from './classify-error.ts'

const classify = (status: number, message: string, ...codes: string[]) =>
  classifyError({ status, codes, message })

it.each([
  "This model's maximum context length is 128000 tokens. However, your messages resulted in 130000 tokens.",
  'prompt is too long: 210000 tokens > 200000 maximum',
  'input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000',
  'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
  'Input is too long for requested model.',
  'too many tokens: total number of tokens in the prompt cannot exceed 4081',
  'Prompt contains 40000 tokens, too large for model with 32768 maximum context length',
  '`inputs` tokens + `max_new_tokens` must be <= 8192',
  "This model's maximum prompt length is 131072 but the request contains 200000 tokens.",
  'the request exceeds the available context size. try increasing the context size',
  'The decoder prompt (length 5000) is longer than the maximum model length of 4096',
  'Please reduce the length of the messages or completion.',
  'Range of input length should be [1, 30720]',
  'Invalid request: Your request exceeded model token limit: 8192',
  'Your input exceeds the context window of this model. Please adjust your input and try again.',
  'Trying to keep the first 9000 tokens when context the overflows. However, the number is greater than the context length',
])('knows a full context window in: %s', (message) => {
  expect(classify(400, message)).toBe('context_window')
})

it.each([
  "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
  'Your request was rejected as a result of our safety system.',
  'Output blocked by content filtering policy',
  'Invalid prompt: your prompt was flagged as potentially violating our usage policy.',
  'Content violates usage guidelines.',
  'Content Exists Risk',
])('knows a refused content in: %s', (message) => {
  expect(classify(400, message)).toBe('content_policy')
})

it.each([
  [403, 'Your chosen model requires moderation and your input was flagged', 'content_policy'],
  [403, 'Forbidden', 'permission'],
  [400, 'max_tokens is too large: 100000', 'bad_request'],
  [400, 'Your credit balance is too low to access the API', 'quota_exhausted'],
  [429, 'You exceeded your current quota, please check your plan and billing details.', 'quota_exhausted'],
  [429, 'You exceeded your current quota {"retryDelay":"30s"}', 'rate_limit'],
  [429, 'maximum context length per minute', 'rate_limit'],
  [500, 'maximum context length', 'server_error'],
  [418, 'teapot', 'bad_request'],
  [599, 'odd', 'server_error'],
] as const)('reads %d %s as %s', (status, message, kind) => {
  expect(classify(status, message)).toBe(kind)
})

it('reads codes as well as words', () => {
  expect(classify(400, 'no', 'context_length_exceeded')).toBe('context_window')
  expect(classify(400, 'no', 'ResponsibleAIPolicyViolation')).toBe('content_policy')
  expect(classify(429, 'no', 'insufficient_quota')).toBe('quota_exhausted')
})
