import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { BlobSealer } from '../../conversation/blob-sealer.ts'
import { sampleRequest } from '../testing/sample-request.ts'
import { readAnswerTexts } from './answer-texts.ts'

const blobs = new BlobSealer(randomBytes(32), randomBytes)
const request = sampleRequest({ model: 'm', messages: [] })
const read = (message: object, more: object = {}) =>
  readAnswerTexts(
    request,
    false,
    JSON.stringify({ choices: [{ index: 0, message, finish_reason: 'stop', ...more }], fingerprint: 'Ann' }),
    blobs,
  )

it('an answer is changed wherever it repeats itself', () => {
  const message = {
    role: 'assistant',
    content: 'I am Ann',
    thinking_blocks: [{ type: 'thinking', thinking: 'Ann it is', signature: 's' }],
    audio: { id: 'a', data: 'QW5u', transcript: 'Ann speaking' },
    tool_calls: [{ id: 'c', type: 'function', function: { name: 'greet', arguments: '{"whom":"Bob"}' } }],
  }
  const logprobs = { content: [{ token: 'Ann', logprob: -1 }] }
  const answer = read(message, { logprobs })
  expect(answer?.texts).toEqual(['Ann it is', 'I am Ann', 'Ann speaking'])
  const text = answer?.write(answer.texts.map((one) => one.replaceAll('Ann', 'X'))).body.toString()
  expect(text).toContain('I am X')
  expect(text).toContain('"whom')
  expect(text).not.toMatch(/Ann|QW5u/)
})

it('what was not changed of an answer stays', () => {
  const message = { role: 'assistant', content: 'I am Ann', reasoning_content: 'Who am I?' }
  const answer = read(message)
  const [body] = JSON.parse(answer?.write(['Who am I?', 'I am X']).body.toString() ?? '').choices
  expect(body.message).toMatchObject({ content: 'I am X', reasoning_content: 'Who am I?' })
})

it.each([['{"choices":[]}'], ['{"text":"Ann"}'], ['Ann'], ['[]']])('%s cannot be read', (text) => {
  expect(readAnswerTexts(request, false, text, blobs)).toBeNull()
})
