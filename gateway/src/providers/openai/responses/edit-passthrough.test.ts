import { describe, expect, it } from 'vitest'
import { noEdits } from '../../passthrough-edits.ts'
import { editPassthrough } from './edit-passthrough.ts'

const user = { role: 'user', content: 'Hi' }
const own = { type: 'reasoning', id: 'rs_0a1b2c', summary: [], encrypted_content: 'gAAAA' }

describe('editPassthrough of the openai-responses wire', () => {
  it.each([{ input: 'Hi' }, { input: [user, own] }, { input: [{ ...own, encrypted_content: null }] }, {}])(
    'leaves %j as it is',
    (body) => {
      expect(editPassthrough({ model: 'm', ...body })).toBe(noEdits)
    },
  )

  it('removes members for the gateway', () => {
    expect(editPassthrough({ input: 'Hi', num_retries: 1, litellm_session_id: 'x' }).remove).toEqual([
      'num_retries',
      'litellm_session_id',
    ])
  })

  it('removes the thinking of other providers', () => {
    const sealed = { ...own, encrypted_content: 'riq1.abc' }
    const bare = { type: 'reasoning', id: `rs_${'0'.repeat(35)}`, summary: [] }
    const edits = editPassthrough({ input: [user, sealed, own, bare] })
    expect(edits).toEqual({ remove: [], set: { input: [user, own] }, dropped: ['input[].reasoning'] })
  })
})
