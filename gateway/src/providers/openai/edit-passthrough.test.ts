import { describe, expect, it } from 'vitest'
import { noEdits } from '../passthrough-edits.ts'
import { findProvider } from '../registry.ts'
import { sampleTarget } from '../target.fixture.ts'
import { editPassthrough } from './edit-passthrough.ts'

const messages = [{ role: 'user', content: 'Hi' }]
const targetOf = (id: string, model = 'm', dropParams = false) =>
  sampleTarget(findProvider(id)!, model, { dropParams })
const edit = (id: string, members: Record<string, unknown>, model?: string, dropParams?: boolean) =>
  editPassthrough({ model: 'm', messages, ...members }, targetOf(id, model, dropParams), 'chat')

describe('editPassthrough', () => {
  it('changes nothing in the common case, and says so with one shared object', () => {
    expect(edit('openai', { temperature: 0.5, max_tokens: 5, vendor: 1 }, 'gpt-4.1')).toBe(noEdits)
    expect(edit('mistral', { tools: [] })).toBe(noEdits)
  })

  it('never changes the body it was given', () => {
    const body = Object.freeze({
      model: 'm',
      messages: Object.freeze([Object.freeze({ role: 'developer', content: 'x' })]),
      stream: true,
    })
    expect(() => editPassthrough(body, targetOf('mistral'), 'chat')).not.toThrow()
  })

  it('removes what is meant for the gateway', () => {
    const own = [
      'fallbacks',
      'num_retries',
      'timeout',
      'tags',
      'guardrails',
      'routeiq',
      'api_key',
      'litellm_metadata',
      'mock_response',
    ]
    const members = Object.fromEntries(own.map((name) => [name, 1]))
    expect([...edit('openai', { ...members, user: 'u' }).remove].sort()).toEqual([...own].sort())
  })

  it.each([
    [undefined, { include_usage: true }],
    [{ include_usage: false }, { include_usage: true }],
    [{ include_obfuscation: false }, { include_obfuscation: false, include_usage: true }],
  ])('asks for usage on a stream with options %j', (stream_options, expected) => {
    const members = stream_options === undefined ? { stream: true } : { stream: true, stream_options }
    expect(edit('openai', members).set).toEqual({ stream_options: expected })
  })

  it('leaves stream options alone when usage is asked for, and removes them where they are refused', () => {
    const members = { stream: true, stream_options: { include_usage: true } }
    expect(edit('openai', members)).toBe(noEdits)
    expect(edit('mistral', members).remove).toEqual(['stream_options'])
    expect(edit('openai', { stream_options: { include_usage: true } }).remove).toEqual(['stream_options'])
  })

  it('sends metadata only with stored completions and text values', () => {
    expect(edit('openai', { metadata: { a: 'b' } }).remove).toEqual(['metadata'])
    expect(edit('openai', { metadata: { a: 1 }, store: true }).remove).toEqual(['metadata'])
    expect(edit('openai', { metadata: { a: 'b' }, store: true })).toBe(noEdits)
  })

  it.each([
    ['deepseek', 'm', { max_completion_tokens: 5 }, ['max_completion_tokens'], { max_tokens: 5 }],
    ['openai', 'gpt-5-mini', { max_tokens: 5 }, ['max_tokens'], { max_completion_tokens: 5 }],
    ['openai', 'o3', { max_tokens: 5, max_completion_tokens: 7 }, ['max_tokens'], {}],
    ['mistral', 'm', { seed: 3 }, ['seed'], { random_seed: 3 }],
  ])('renames for %s %s', (provider, model, members, remove, set) => {
    expect(edit(provider, members, model)).toMatchObject({ remove, set })
  })

  it('leaves the token limit to servers that may know only one spelling', () => {
    expect(edit('custom_openai', { max_tokens: 5 }, 'gpt-5-lookalike')).toBe(noEdits)
  })

  it('refuses what a vendor rejects, or drops it when allowed', () => {
    expect(() => edit('groq', { logit_bias: { 5: 1 } })).toThrow(
      expect.objectContaining({
        code: 'unsupported_parameter',
        options: { param: 'logit_bias', exceptionName: 'UnsupportedParamsError' },
      }),
    )
    expect(edit('groq', { logit_bias: { 5: 1 } }, 'm', true)).toMatchObject({
      remove: ['logit_bias'],
      dropped: ['logit_bias'],
    })
  })

  it('leaves out values that ask for nothing without a word', () => {
    expect(edit('groq', { n: 1, logprobs: false, logit_bias: null })).toEqual({
      remove: ['logprobs', 'logit_bias', 'n'],
      set: {},
      dropped: [],
    })
  })

  it('applies the rules of one model only to it', () => {
    const members = { temperature: 0.2 }
    expect(() => edit('openai', members, 'o3-mini')).toThrow(/o3-mini does not support/)
    expect(() => edit('openai', members, 'gpt-5')).toThrow(/temperature/)
    expect(edit('openai', members, 'gpt-5-chat-latest')).toBe(noEdits)
    expect(edit('openai', members, 'gpt-4o')).toBe(noEdits)
    expect(() => edit('xai', { stop: ['x'] }, 'grok-4')).toThrow(/stop/)
    expect(edit('xai', { stop: ['x'] }, 'grok-2')).toBe(noEdits)
  })

  it('turns developer messages into system messages where that role is unknown', () => {
    const developer = { role: 'developer', content: 'Be brief', name: 'x' }
    const body = { model: 'm', messages: [developer, ...messages] }
    expect(editPassthrough(body, targetOf('deepseek'), 'chat').set).toEqual({
      messages: [{ ...developer, role: 'system' }, ...messages],
    })
    expect(editPassthrough(body, targetOf('openai'), 'chat')).toBe(noEdits)
  })

  it('fits tool ids so that call and result still match', () => {
    const history = [
      {
        role: 'assistant',
        tool_calls: [{ id: 'call_0123456789', type: 'function', function: { name: 'f', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'call_0123456789', content: 'x' },
    ]
    const edited = editPassthrough({ messages: history }, targetOf('mistral'), 'chat').set[
      'messages'
    ] as typeof history
    const id = edited[0]?.tool_calls?.[0]?.id
    expect(id).toMatch(/^[A-Za-z0-9]{9}$/)
    expect(edited[1]?.tool_call_id).toBe(id)
    const fitting = JSON.parse(JSON.stringify(history).replaceAll('call_0123456789', 'abcDEF123'))
    expect(editPassthrough({ messages: fitting }, targetOf('mistral'), 'chat')).toBe(noEdits)
  })

  it('lets the model speak between a tool and the user where that must be, if it may mend', () => {
    const roles = ['user', 'assistant', 'tool', 'tool', 'user', 'user']
    const body = { messages: roles.map((role) => ({ role, content: 'x' })) }
    const edited = (id: string, modifyParams: boolean) =>
      editPassthrough(body, { ...targetOf(id), modifyParams }, 'chat').set['messages'] as
        | { role: string }[]
        | undefined
    expect(edited('mistral', true)?.map(({ role }) => role)).toEqual([
      ...roles.slice(0, 4),
      'assistant',
      ...roles.slice(4),
    ])
    expect(edited('mistral', false)).toBeUndefined()
    expect(edited('groq', true)).toBeUndefined()
  })

  it('says "any" where a required tool call is spelled so', () => {
    expect(edit('mistral', { tool_choice: 'required' }).set).toEqual({ tool_choice: 'any' })
  })

  it('puts a schema into words for vendors without schema mode', () => {
    const schema = { type: 'object', properties: { a: { type: 'string' } } }
    const system = { role: 'system', content: 'x' }
    const body = {
      messages: [system, ...messages],
      response_format: { type: 'json_schema', json_schema: { name: 'n', schema } },
    }
    const { set } = editPassthrough(body, targetOf('deepseek'), 'chat')
    expect(set['response_format']).toEqual({ type: 'json_object' })
    expect(set['messages']).toEqual([
      system,
      { role: 'system', content: expect.stringContaining(JSON.stringify(schema)) },
      ...messages,
    ])
  })

  it('asks for floats where base64 embeddings are refused', () => {
    const body = { model: 'm', input: 'x', encoding_format: 'base64' }
    expect(editPassthrough(body, targetOf('voyage'), 'embedding').remove).toEqual(['encoding_format'])
    expect(editPassthrough(body, targetOf('openai'), 'embedding')).toBe(noEdits)
  })

  it('edits only the stream options of text completions', () => {
    const body = { model: 'm', prompt: 'x', stream: true, seed: 1 }
    expect(editPassthrough(body, targetOf('groq'), 'completion')).toMatchObject({
      remove: [],
      set: { stream_options: { include_usage: true } },
    })
  })
})
