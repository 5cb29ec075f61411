import { describe, expect, it } from 'vitest'
import { markForCaching } from './mark-for-caching.ts'

const mark = { cache_control: { type: 'ephemeral' } }
const text = (value: string, members: object = {}): object => ({ type: 'text', text: value, ...members })
const system = { role: 'system', index: null }

describe('a cache mark', () => {
  it('stands on the last block of the system prompt', () => {
    expect(markForCaching({ system: 'a' }, [system])).toEqual({ system: [text('a', mark)] })
    const blocks = [text('a'), text('b')]
    expect(markForCaching({ system: blocks }, [system])).toEqual({ system: [text('a'), text('b', mark)] })
    expect(blocks).toEqual([text('a'), text('b')])
  })

  it('stands on the last block of the messages that are meant', () => {
    const messages = [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: [text('b'), text('c')] },
      { role: 'user', content: 'd' },
    ]
    const points = [
      { role: 'assistant', index: null },
      { role: null, index: -1 },
    ]
    expect(markForCaching({ messages }, points)).toEqual({
      messages: [
        messages[0],
        { role: 'assistant', content: [text('b'), text('c', mark)] },
        { role: 'user', content: [text('d', mark)] },
      ],
    })
  })

  it.each([
    { messages: 'x' },
    { messages: [5, null, { role: 'user' }] },
    { system: '' },
    { system: [] },
    { system: null },
  ])('passes over %j', (body) => {
    const points = [system, { role: 'user', index: null }, { role: null, index: 0 }]
    expect(markForCaching(body, points)).toEqual(body)
  })
})
