import { describe, expect, it } from 'vitest'
import type { Part } from '../conversation/part.ts'
import type { ConversationMessage, MessageRole } from '../conversation/request.ts'
import { findHumanTurns } from './human-turns.ts'

const say = (role: MessageRole, ...texts: string[]): ConversationMessage => ({
  role,
  parts: texts.map((text): Part => ({ type: 'text', text })),
})
const result: ConversationMessage = {
  role: 'tool',
  parts: [{ type: 'tool-result', toolCallId: 'a', parts: [], isError: false }],
}

describe('human turns', () => {
  it('are the user messages in which somebody says something', () => {
    const messages = [
      say('system', 'x'),
      say('user', '<system-reminder>be good</system-reminder>', 'Read it'),
      say('assistant', 'yes'),
      result,
      say('user', '<system-reminder>still be good</system-reminder>'),
      say('user', 'Go on'),
    ]
    expect(findHumanTurns(messages, 'me').map(({ index, text }) => [index, text])).toEqual([
      [1, 'Read it'],
      [5, 'Go on'],
    ])
  })

  it('count a picture without words', () => {
    const image: Part = { type: 'image', source: { kind: 'url', url: 'https://a.test/b.png' } }
    expect(findHumanTurns([{ role: 'user', parts: [image] }], 'me')).toMatchObject([{ text: '' }])
  })

  it('keep their digest whatever follows, whatever is marked for caching, and without the thinking of answers', () => {
    const first = say('user', 'Read it')
    const thinking: Part = { type: 'reasoning', text: 'hm', signature: 's', redacted: null }
    const answer: ConversationMessage = {
      role: 'assistant',
      parts: [thinking, { type: 'text', text: 'yes' }],
    }
    const marked: ConversationMessage = {
      role: 'user',
      parts: [{ type: 'text', text: 'Read it', cacheControl: { type: 'ephemeral' } }],
    }
    const [alone] = findHumanTurns([first], 'me')
    const longer = findHumanTurns([marked, answer, say('user', 'More')], 'me')
    const without = findHumanTurns([first, say('assistant', 'yes'), say('user', 'More')], 'me')
    expect(longer[0]?.digest).toBe(alone?.digest)
    expect(longer[1]?.digest).toBe(without[1]?.digest)
  })

  it('differ between callers, and between conversations that only sound alike', () => {
    const called = (id: string): ConversationMessage => ({
      role: 'assistant',
      parts: [{ type: 'tool-call', id, name: 't', kind: 'function', arguments: '{}' }],
    })
    const digestOf = (owner: string, id: string): string | undefined =>
      findHumanTurns([say('user', 'a'), called(id), result, say('user', 'b')], owner).at(-1)?.digest
    const digests = [digestOf('me', 'a'), digestOf('me', 'b'), digestOf('you', 'a')]
    expect(new Set(digests).size).toBe(3)
  })
})
