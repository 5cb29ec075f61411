import { describe, expect, it } from 'vitest'
import { readDelivery } from './read-delivery.ts'

const address = { operation: 'chat', pathModel: null, pathStream: null } as const
const body = (members: object) => ({ messages: [{ role: 'user', content: 'Hi' }], ...members })
const read = (members: object, version?: string) =>
  readDelivery(body(members), address, version === undefined ? {} : { 'anthropic-version': version })
const document = { type: 'document', source: { type: 'text', data: 'x' } }
const cited = { type: 'text', text: 'x', citations: [{ type: 'page_location' }] }
const rejections = [
  [{ temperature: 1 }, 'temperature'],
  [{ top_p: 1 }, 'top_p'],
  [{ top_k: 5 }, 'top_k'],
  [{ messages: [{ role: 'assistant', content: [document] }] }, 'messages[0].content[0]'],
  [{ messages: [{ role: 'user', content: [cited] }] }, 'messages[0].content[0].citations'],
] as const

describe('an API version', () => {
  it.each(rejections)('from 2026-10-21 on refuses %j', (members, param) => {
    for (const version of ['2026-10-21', '2027-01-01'])
      expect(() => read(members, version)).toThrow(
        expect.objectContaining({ code: 'invalid_request', options: { param } }),
      )
  })

  it.each(rejections)('before that, of another form, or absent takes %j', (members) => {
    for (const version of ['2023-06-01', '2023-01-01', 'vertex-2023-10-16', '9', undefined])
      expect(read(members, version).stream).toBe(false)
  })

  it('takes documents of the user, empty citations, and cited text of the assistant', () => {
    const messages = [
      { role: 'user', content: [document, { ...cited, citations: [] }] },
      { role: 'assistant', content: [cited] },
    ]
    expect(read({ messages, temperature: null }, '2026-10-21').stream).toBe(false)
  })
})

describe('how an answer is wanted', () => {
  it('as a stream always has usage', () => {
    expect(read({ stream: true })).toEqual({ stream: true, includesUsage: true })
    expect(read({ stream: null }).stream).toBe(false)
  })

  it.each([
    [{ messages: null }, 'messages'],
    [{ messages: {} }, 'messages'],
    [{ stream: 'yes' }, 'stream'],
  ])('%j names %s', (members, param) => {
    expect(() => read(members)).toThrow(expect.objectContaining({ options: { param } }))
  })
})
