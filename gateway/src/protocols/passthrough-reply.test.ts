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
  return { text: reply.body.toString('utf8'), usage: reply.usage }
}

const stamp = JSON.stringify(options.requestedModel)
const padding = (length: number): string => `"pad":"${'é\\"'.repeat(length)}"`

describe.each([
  ['small', 10],
  ['large', 20_000],
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
})
