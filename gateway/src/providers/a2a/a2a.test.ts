import { describe, expect, it } from 'vitest'
import { collectReply } from '../../conversation/collect-reply.ts'
import { sampleRequest } from '../../conversation/request.fixture.ts'
import type { ReplyEvent, StreamEvent } from '../../conversation/stream-event.ts'
import { findProvider } from '../registry.ts'
import { plainReplyContext } from '../reply-context.ts'
import { sampleTarget } from '../target.fixture.ts'
import { a2aWire } from './a2a.ts'

const provider = findProvider('a2a')!
const status = (state: string, text?: string) => ({
  statusUpdate: {
    status: {
      state: `TASK_STATE_${state}`,
      ...(text === undefined ? {} : { message: { parts: [{ text }] } }),
    },
  },
})
const artifact = (artifactId: string, text: string, append = false) => ({
  artifactUpdate: { artifact: { artifactId, parts: [{ text }] }, append },
})

function decode(events: readonly object[]): StreamEvent[] {
  const decoder = a2aWire.createStreamDecoder(plainReplyContext)
  const decoded = events.flatMap((event) => decoder.push({ event: null, data: JSON.stringify(event) }))
  return [...decoded, ...decoder.end()]
}

const replyOf = (events: readonly object[]) => collectReply(decode(events) as ReplyEvent[])
const textOf = (events: readonly object[]): string =>
  (replyOf(events).choices[0]?.parts ?? [])
    .flatMap((part) => (part.type === 'text' ? [part.text] : []))
    .join('')

describe('the answer of an agent', () => {
  it('is the text of its artifacts, in pieces and whole once more', () => {
    const events = [
      { task: { id: 't', status: { state: 'TASK_STATE_SUBMITTED' } } },
      artifact('a', 'One'),
      artifact('a', ' two', true),
      artifact('a', 'One two three'),
      artifact('b', 'Other'),
      { task: { artifacts: [{ artifactId: 'b', parts: [{ text: 'Other' }] }] } },
      status('COMPLETED', 'Done'),
    ]
    expect(textOf(events)).toBe('One two three\n\nOther')
  })

  it('is its last word when it has no artifact, and its question when it asks', () => {
    expect(textOf([status('COMPLETED', 'Done')])).toBe('Done')
    expect(textOf([artifact('a', 'Half'), status('INPUT_REQUIRED', 'Which?')])).toBe('Half\n\nWhich?')
    expect(replyOf([status('AUTH_REQUIRED', 'Sign in')]).choices[0]).toMatchObject({
      finish: { reason: 'stop', providerReason: 'auth_required' },
    })
  })

  it('has what it says on the way as reasoning', () => {
    const reply = replyOf([status('WORKING', 'Looking'), artifact('a', 'Found'), status('COMPLETED')])
    expect(reply.choices[0]?.parts).toEqual([
      { type: 'reasoning', text: 'Looking\n', signature: null, redacted: null },
      { type: 'text', text: 'Found' },
    ])
  })

  it('has text for data and addresses', () => {
    const parts = [{ data: { a: 1 } }, { url: 'https://example.org/x' }, { raw: 'AA' }]
    expect(textOf([{ message: { parts } }])).toBe('{"a":1}\nhttps://example.org/x')
  })

  it('is counted as the agent says, else guessed and marked', () => {
    const metadata = { usage: { prompt_tokens: 5, completion_tokens: 7 } }
    const told = replyOf([{ message: { parts: [{ text: 'x' }], metadata } }])
    expect(told.usage).toMatchObject({ inputTokens: 5, outputTokens: 7 })
    const context = { ...plainReplyContext, promptLength: 9 }
    const guessed = a2aWire.decodeReply({ message: { parts: [{ text: 'x'.repeat(8) }] } }, context)
    expect(guessed.usage).toMatchObject({ inputTokens: 3, outputTokens: 2, isEstimate: true })
  })

  it.each([
    [[status('FAILED', 'No flight')], 'unprocessable', 'No flight'],
    [[status('REJECTED')], 'unprocessable', 'refused'],
    [[artifact('a', 'x'), { error: { code: 502, message: 'cut off' } }], 'server_error', 'cut off'],
    [[artifact('a', 'x')], 'server_error', 'ended before'],
    [[{ nothing: true }], 'server_error', 'could not be read'],
  ])('%j is a failure', (events, kind, message) => {
    expect(decode(events).at(-1)).toMatchObject({
      type: 'error',
      failure: { kind, message: expect.stringContaining(message) },
    })
  })
})

describe('the message to an agent', () => {
  const encode = (members: object, target = {}) =>
    a2aWire.encodeRequest(sampleRequest(members), sampleTarget(provider, 'support', target))

  it('is what the user said last', () => {
    const text = (value: string) => [{ type: 'text', text: value }]
    const messages = [
      { role: 'user', parts: text('First') },
      { role: 'assistant', parts: text('Yes?') },
      { role: 'user', parts: text('Second') },
    ]
    const { body, dropped } = encode({ messages, maxOutputTokens: 5 })
    expect(body).toEqual({
      message: { messageId: expect.any(String), role: 'ROLE_USER', parts: [{ text: 'Second' }] },
    })
    expect(dropped).toEqual(['max_tokens', 'messages'])
  })

  it('goes to agents of the gateway alone', () => {
    const paths = (base: string) =>
      a2aWire.pathsFor({ upstreamModel: 'a b', account: {}, base: new URL(base) })
    expect(paths('http://agents.invalid')).toMatchObject({
      chat: '/a2a/a%20b/message:send',
      chatStream: '/a2a/a%20b/message:stream',
    })
    expect(() => paths('https://example.org')).toThrow(/agent_list/)
  })
})
