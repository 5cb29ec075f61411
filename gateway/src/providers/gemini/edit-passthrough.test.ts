import { describe, expect, it } from 'vitest'
import { noEdits } from '../passthrough-edits.ts'
import { findProvider } from '../registry.ts'
import { sampleTarget } from '../target.fixture.ts'
import { editPassthrough } from './edit-passthrough.ts'

const edit = (body: Record<string, unknown>, model = 'gemini-2.5-flash') =>
  editPassthrough(body, sampleTarget(findProvider('gemini')!, model))
const model = (...parts: object[]) => ({ role: 'model', parts })
const user = { role: 'user', parts: [{ text: 'Hi' }] }

describe('a generateContent body on its own wire', () => {
  it('goes as it is', () => {
    expect(edit({ contents: [user], generationConfig: {}, unknown: 1 })).toBe(noEdits)
  })

  it('loses what speaks to the gateway', () => {
    expect(edit({ contents: [], fallbacks: [], tags: [] }).remove).toEqual(['fallbacks', 'tags'])
  })

  it('takes configured parameters where the dialect has them, below the client’s own', () => {
    const edits = edit({ temperature: 1, max_tokens: 5, generation_config: { temperature: 0 } })
    expect(edits.remove).toEqual(['temperature', 'max_tokens'])
    expect(edits.set).toEqual({ generation_config: { temperature: 0, maxOutputTokens: 5 } })
  })

  it('names the upstream model in a request to be counted', () => {
    expect(edit({ generateContentRequest: { model: 'models/group', contents: [] } }).set).toEqual({
      generateContentRequest: { model: 'models/gemini-2.5-flash', contents: [] },
    })
  })

  const sealed = Buffer.from('riq1.abc').toString('base64')
  const foreign = { text: 'hm', thought: true, thoughtSignature: sealed }
  const own = { text: 'hm', thought: true, thoughtSignature: 'c2ln' }

  it('loses thinking in an envelope, and a turn of nothing else', () => {
    expect(edit({ contents: [user, model(foreign), model(foreign, own, { text: 'x' })] }).set).toEqual({
      contents: [user, model(own, { text: 'x' })],
    })
    expect(edit({ contents: [user, model(own)] })).toBe(noEdits)
  })

  it('gets a placeholder for a lost signature where one is needed', () => {
    const call = { functionCall: { name: 'f', args: {} } }
    const contents = [user, model({ text: 'x' }, call, call), model({ ...call, thoughtSignature: 'c2ln' })]
    expect(edit({ contents })).toBe(noEdits)
    expect(edit({ contents }, 'gemini-3-pro').set).toEqual({
      contents: [
        user,
        model({ text: 'x' }, { ...call, thoughtSignature: 'skip_thought_signature_validator' }, call),
        contents[2],
      ],
    })
  })
})
