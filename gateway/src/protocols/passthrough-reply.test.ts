import { describe, expect, it } from 'vitest'
import { zeroUsage } from '../conversation/usage.ts'
import { readPassthroughReply } from './passthrough-reply.ts'
import { unreadableAnswer } from './unreadable-answer.ts'

const options = {
  requestedModel: 'alias “é”',
  decodeUsage: (usage: unknown) => ({
    ...zeroUsage,
    inputTokens: (usage as { prompt_tokens: number }).prompt_tokens,
  }),
  decodeError: (body: string) => unreadableAnswer(`error ${body}`),
}

function read(text: string) {
  const reply = readPassthroughReply(Buffer.from(text), options)
  if ('kind' in reply) throw new Error(reply.message)
  const octets = typeof reply.body === 'string' ? Buffer.from(reply.body, 'latin1') : reply.body
  return { text: octets.toString('utf8'), usage: reply.usage }
}

const stamp = JSON.stringify(options.requestedModel)
const padding = (length: number): string => `"pad":"${'é\\"'.repeat(length)}"`

describe.each([
  ['small', 10],
  ['large', 20_000],
  ['very large', 200_000],
])('readPassthroughReply on a %s body', (_, length) => {
  it('changes the model and nothing else', () => {
    const rest = `"id" : 1.0, ${padding(length)}, "big":12345678901234567890, "choices":[{"message":{"content":"𝄞 \\"model\\":\\"x\\""}}]`
    const { text, usage } = read(`{"model": "gpt-4o-2024",${rest},"usage":{"prompt_tokens":7}}`)
    expect(text).toBe(`{"model": ${stamp},${rest},"usage":{"prompt_tokens":7}}`)
    expect(usage?.inputTokens).toBe(7)
  })

  it('is not misled by a nested model, before or after its own', () => {
    const nested = `"route":{"model":"inner"},${padding(length)}`
    expect(read(`{${nested},"model":"outer"}`).text).toBe(`{${nested},"model":${stamp}}`)
    expect(read(`{"model":"outer",${nested}}`).text).toBe(`{"model":${stamp},${nested}}`)
  })

  it('leaves a body without a model alone', () => {
    const text = `{"object":"list",${padding(length)}}`
    expect(read(text).text).toBe(text)
  })

  it('reports an error member as a failure and a null one as none', () => {
    expect(() => read(`{"error":{"message":"no"},${padding(length)}}`)).toThrow(/error/)
    expect(read(`{"error":null,${padding(length)},"model":"m"}`).text).toContain(stamp)
  })

  it.each(['', '<html>', '[1]', '{"a":', 'null'])('refuses %j', (start) => {
    expect(() => read(start + (start === '' ? '' : ' '.repeat(length)))).toThrow(/answered/)
  })

  it.each([
    ['nested in the last member', `"x":{"usage":{"prompt_tokens":9}}`, null],
    ['nested and then its own', `"x":{"usage":{"prompt_tokens":9}},"usage":{"prompt_tokens":7}`, 7],
    ['its own and then nested', `"usage":{"prompt_tokens":7},"x":[{"usage":{"prompt_tokens":9}}]`, 7],
    ['with details and more behind it', `"usage" : {"prompt_tokens":7,"d":{"a":[1]}} , "tier":"x"`, 7],
    ['with braces in a text behind it', `"usage":{"prompt_tokens":7},"note":"} ]"`, 7],
    ['with an escape inside', `"usage":{"prompt_tokens":7,"n":"\\u007d"}`, 7],
    ['null', `"usage":null`, null],
    ['as a text', `"choices":[{"message":{"content":"\\"usage\\":{}"}}],"usage":{"prompt_tokens":7}`, 7],
  ])('finds usage: %s', (_, members, expected) => {
    const { text, usage } = read(`{"model":"m",${padding(length)},${members}}`)
    expect(usage?.inputTokens ?? null).toBe(expected)
    expect(text).toBe(`{"model":${stamp},${padding(length)},${members}}`)
  })

  it.each([
    ['called model as a value', `"object":"model",${padding(length)}`, `"object":"model",${padding(length)}`],
    ['with escapes', `"model":"a\\"b",${padding(length)}`, `"model":${stamp},${padding(length)}`],
    ['twice', `"model":"a",${padding(length)},"model":"b"`, `"model":${stamp},${padding(length)}`],
  ])('finds a model %s', (_, members, expected) => {
    expect(read(`{${members}}`).text).toBe(`{${expected}}`)
  })
})
