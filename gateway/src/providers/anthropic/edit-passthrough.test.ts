import { describe, expect, it } from 'vitest'
import { carrierOf } from '../../conversation/for-test.ts'
import { noEdits } from '../passthrough-edits.ts'
import { editPassthrough } from './edit-passthrough.ts'

const sealed = carrierOf('google').wrap('sig', 'signature', 'anthropic')
const redacted = { type: 'redacted_thinking', data: carrierOf('google').wrap('sig', 'redacted', 'anthropic') }
const foreign = { type: 'thinking', thinking: 'hm', signature: sealed }
const own = { type: 'thinking', thinking: 'hm', signature: 'EqQBCg==' }
const text = { type: 'text', text: 'x' }

describe('a Messages body for a Messages provider', () => {
  it('is left alone, unknown members and its own thinking included', () => {
    const messages = [{ role: 'assistant', content: [own, text] }, { role: 'user', content: 'Hi' }, 5, null]
    expect(
      editPassthrough({ model: 'm', messages, context_management: {}, metadata: { user_id: 'u' } }),
    ).toBe(noEdits)
    expect(editPassthrough({ messages: 'x' })).toBe(noEdits)
  })

  it('loses what speaks to the gateway', () => {
    const { remove, set } = editPassthrough({
      messages: [],
      timeout: 5,
      litellm_metadata: {},
      mock_response: 'x',
    })
    expect(remove).toEqual(['timeout', 'litellm_metadata', 'mock_response'])
    expect(set).toEqual({})
  })

  it('loses the thinking of other providers, and turns that consist of it', () => {
    const messages = [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: [foreign, redacted] },
      { role: 'user', content: [foreign] },
      { role: 'assistant', content: [foreign, own, text], extra: 1 },
    ]
    expect(editPassthrough({ messages })).toMatchObject({
      set: { messages: [messages[0], messages[2], { role: 'assistant', content: [own, text], extra: 1 }] },
      dropped: ['messages[].thinking'],
    })
    expect(messages[3]?.content).toHaveLength(3)
  })
})
