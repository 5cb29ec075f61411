import { GatewayError } from '@routeiq/contract'
import { describe, expect, it } from 'vitest'
import type { UpstreamFailure } from '../../providers/failure.ts'
import type { PassthroughOptions } from '../protocol.ts'
import { ResponsesPassthroughStream } from './passthrough-stream.ts'

const failed: UpstreamFailure = {
  kind: 'rate_limit',
  status: 429,
  message: 'slow down',
  retryAfterMs: null,
  providerFields: null,
}
const options: PassthroughOptions = {
  operation: 'chat',
  includesUsage: true,
  body: { previous_response_id: 'resp_public_before' },
  requestedModel: 'my “group”',
  publicId: (id) => `resp_public_${id}`,
  maxEventBytes: 4096,
  decodeUsage: (usage) => (usage ? ({ marked: usage } as never) : null),
  decodeError: () => failed,
}
const event = (type: string, members: object): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...members })}\n\n`
const response = (members: object = {}): object => ({
  response: { id: 'r1', model: 'gpt-x', previous_response_id: 'r0', unknown: { 世界: 1.5 }, ...members },
})
const stream = [
  event('response.created', { sequence_number: 0, ...response() }),
  ': comment\n\n',
  event('response.output_text.delta', {
    sequence_number: 1,
    delta: 'He said \\"response\\": [DONE] 世界',
    logprobs: [],
  }),
  event('response.novelty', { sequence_number: 2, x: { y: 1 } }),
  event('response.completed', { sequence_number: 3, ...response({ usage: { input_tokens: 1 } }) }),
].join('')

function relay(chunks: readonly Buffer[]): { text: string; relay: ResponsesPassthroughStream } {
  const relayed = new ResponsesPassthroughStream(options)
  let text = ''
  for (const chunk of chunks) text += relayed.push(chunk) ?? ''
  text += relayed.end() ?? ''
  return { text: Buffer.from(text, 'latin1').toString('utf8'), relay: relayed }
}

describe('ResponsesPassthroughStream', () => {
  it('changes ids and the model name, and not one byte more', () => {
    const { text, relay: relayed } = relay([Buffer.from(stream)])
    const expected = stream
      .replaceAll('"id":"r1"', '"id":"resp_public_r1"')
      .replaceAll('"model":"gpt-x"', '"model":"my “group”"')
      .replaceAll('"previous_response_id":"r0"', '"previous_response_id":"resp_public_before"')
    expect(text).toBe(expected)
    expect(relayed.failure).toBeNull()
    expect(relayed.usage).toEqual({ marked: { input_tokens: 1 } })
  })

  it('is the same however the bytes are split', () => {
    const bytes = Buffer.from(stream)
    const whole = relay([bytes]).text
    expect(relay(Array.from(bytes, (byte) => Buffer.from([byte]))).text).toBe(whole)
    for (let cut = 1; cut < bytes.length; cut += 1)
      expect(relay([bytes.subarray(0, cut), bytes.subarray(cut)]).text).toBe(whole)
  })

  it('takes a last event without its blank line, and leaves out [DONE]', () => {
    expect(relay([Buffer.from(stream.trimEnd())]).text).toBe(relay([Buffer.from(stream)]).text)
    expect(relay([Buffer.from(`${stream}data: [DONE]\n\n`)]).text).toBe(relay([Buffer.from(stream)]).text)
  })

  it.each(['', stream.slice(0, 40)])('is a failure before the first event when the stream is %j', (text) => {
    const relayed = relay([Buffer.from(text)])
    expect(relayed.text).toBe('')
    expect(relayed.relay.failure?.message).toContain('an empty stream')
  })

  it.each([
    event('error', { code: 'rate_limit_exceeded', message: 'slow down', param: null }),
    event('response.failed', response({ error: { code: 'rate_limit_exceeded' } })),
    'data: {"error":{"message":"slow down"}}\n\n',
    'data: {"error"\n\n',
  ])('turns a first event that is an error into a failure: %j', (text) => {
    const relayed = relay([Buffer.from(text + stream)])
    expect(relayed.text).toBe('')
    expect(relayed.relay.failure).not.toBeNull()
  })

  it('gives the client the words of a provider that fails later, once', () => {
    const begun = stream.slice(0, stream.indexOf('event: response.novelty'))
    const told = event('response.failed', {
      sequence_number: 2,
      ...response({ error: { code: 'server_error' } }),
    })
    const { text, relay: relayed } = relay([Buffer.from(begun + told)])
    expect(text).toContain('"id":"resp_public_r1","model":"my “group”"')
    expect(text).toContain('server_error')
    expect(relayed.failure).toBe(failed)
    expect(relayed.formatFailure(new GatewayError('upstream_error', 'x'))).toBe('')
  })

  it('ends a stream that breaks off with response.failed, numbered on', () => {
    const begun = stream.slice(0, stream.indexOf('event: response.novelty'))
    const { relay: relayed } = relay([Buffer.from(begun)])
    expect(relayed.failure?.message).toContain('broke off')
    const last = relayed.formatFailure(new GatewayError('upstream_error', 'It broke off.'))
    expect(JSON.parse(last?.split('data: ')[1] ?? '')).toMatchObject({
      type: 'response.failed',
      sequence_number: 2,
      response: {
        id: 'resp_public_r1',
        status: 'failed',
        error: { code: 'server_error', message: 'It broke off.' },
      },
    })
  })

  it('refuses an event that does not end', () => {
    const { relay: relayed } = relay([Buffer.from(`data: ${'x'.repeat(5000)}`)])
    expect(relayed.failure?.message).toContain('4096')
  })
})
