import type Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { answerTruly } from '../harness/steps.ts'
import { answerMessage, messageOf } from './anthropic-answer.ts'
import { startTestbed, type Testbed } from './testbed.ts'
import { finalAnswer, weatherParameters } from './weather.ts'

let testbed: Testbed
let client: OpenAI

beforeAll(async () => {
  testbed = await startTestbed()
  client = new OpenAI({ baseURL: testbed.baseURL, apiKey: testbed.apiKey, maxRetries: 0 })
})
afterEach(() => testbed.upstream.reset())
afterAll(() => testbed?.stop())

const claude = 'claude-sonnet-4-5'

interface Thinking {
  readonly reasoning_content?: string
  readonly thinking_blocks?: (Anthropic.ThinkingBlock | Anthropic.RedactedThinkingBlock)[]
}
type ThinkingMessage = OpenAI.ChatCompletionMessage & Thinking
type ThinkingDelta = OpenAI.ChatCompletionChunk.Choice.Delta & Thinking

describe('what Anthropic answers', () => {
  const thinking: Anthropic.ThinkingBlock = {
    type: 'thinking',
    thinking: 'Sunny, surely. Let me look.',
    signature: 'RXFRQkNrWUlDeGdDS2tCWg==',
  }
  const redacted: Anthropic.RedactedThinkingBlock = { type: 'redacted_thinking', data: 'RW1ST1Y0' }
  const toolUse: Anthropic.ToolUseBlock = {
    type: 'tool_use',
    id: 'toolu_paris',
    name: 'get_weather',
    input: { city: 'Paris' },
    caller: { type: 'direct' },
  }
  const ask = {
    model: 'claude',
    messages: [{ role: 'user' as const, content: 'How is Paris?' }],
    tools: [{ type: 'function' as const, function: { name: 'get_weather', parameters: weatherParameters } }],
    reasoning_effort: 'low' as const,
  }

  it('is thinking that goes back verbatim with its signature', async () => {
    testbed.upstream.script(
      claude,
      answerMessage(messageOf([thinking, redacted, toolUse])),
      answerTruly({ content: finalAnswer }),
    )
    const first = await client.chat.completions.create(ask)
    const message = first.choices[0]?.message as ThinkingMessage
    expect(message.reasoning_content).toBe(thinking.thinking)
    expect(message.thinking_blocks).toEqual([thinking, redacted])
    await client.chat.completions.create({
      ...ask,
      messages: [...ask.messages, message, { role: 'tool', tool_call_id: 'toolu_paris', content: 'Sunny' }],
    })
    const { caller: _, ...call } = toolUse
    expect(testbed.upstream.requests[1]?.json['messages']).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'How is Paris?' }] },
      { role: 'assistant', content: [thinking, redacted, call] },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'toolu_paris', content: [{ type: 'text', text: 'Sunny' }] },
        ],
      },
    ] satisfies Anthropic.MessageParam[])
  })

  it('is streamed thinking with its signature and redacted blocks', async () => {
    testbed.upstream.script(claude, answerMessage(messageOf([thinking, redacted, toolUse])))
    const deltas: ThinkingDelta[] = []
    for await (const chunk of await client.chat.completions.create({ ...ask, stream: true })) {
      const delta = chunk.choices[0]?.delta
      if (delta !== undefined) deltas.push(delta as ThinkingDelta)
    }
    expect(deltas.map((delta) => delta.reasoning_content ?? '').join('')).toBe(thinking.thinking)
    const blocks = deltas.flatMap((delta) => delta.thinking_blocks ?? [])
    const signatures = blocks.flatMap((block) => (block.type === 'thinking' && block.signature) || [])
    expect(signatures).toEqual([thinking.signature])
    expect(blocks.filter((block) => block.type === 'redacted_thinking')).toEqual([redacted])
    const calls = deltas.flatMap((delta) => delta.tool_calls ?? [])
    expect(calls[0]).toMatchObject({ index: 0, id: 'toolu_paris', type: 'function' })
    expect(calls.map((call) => call.function?.arguments ?? '').join('')).toBe('{"city":"Paris"}')
  })

  it.each([false, true])('is a tool call without arguments as an empty object, stream %s', async (stream) => {
    testbed.upstream.script(claude, answerMessage(messageOf([{ ...toolUse, input: {} }])))
    const body = { ...ask, reasoning_effort: null }
    const completion = stream
      ? await client.chat.completions.stream(body).finalChatCompletion()
      : await client.chat.completions.create(body)
    expect(completion.choices[0]?.message.tool_calls).toMatchObject([
      { id: 'toolu_paris', type: 'function', function: { name: 'get_weather', arguments: '{}' } },
    ])
  })

  it.each([false, true])('is usage with the prompt cache counted in, stream %s', async (stream) => {
    const usage = {
      input_tokens: 20,
      cache_read_input_tokens: 1000,
      cache_creation_input_tokens: 300,
      output_tokens: 10,
      output_tokens_details: { thinking_tokens: 4 },
    }
    testbed.upstream.script(claude, answerMessage(messageOf([thinking], usage)))
    const body = { model: 'claude', messages: ask.messages }
    const completion = stream
      ? await client.chat.completions
          .stream({ ...body, stream_options: { include_usage: true } })
          .finalChatCompletion()
      : await client.chat.completions.create(body)
    expect(completion.usage).toMatchObject({
      prompt_tokens: 1320,
      completion_tokens: 10,
      total_tokens: 1330,
      prompt_tokens_details: { cached_tokens: 1000, cache_write_tokens: 300 },
      completion_tokens_details: { reasoning_tokens: 4 },
      cache_read_input_tokens: 1000,
      cache_creation_input_tokens: 300,
    })
  })

  it('is cited web pages as annotations', async () => {
    const citation: Anthropic.CitationsWebSearchResultLocation = {
      type: 'web_search_result_location',
      url: 'https://example.com/weather',
      title: 'Weather',
      cited_text: 'It is sunny.',
      encrypted_index: 'RW8=',
    }
    testbed.upstream.script(
      claude,
      answerMessage(messageOf([{ type: 'text', text: 'Sunny.', citations: [citation] }])),
    )
    const completion = await client.chat.completions.create({ model: 'claude', messages: ask.messages })
    const message = completion.choices[0]?.message
    expect(message?.annotations).toMatchObject([
      { type: 'url_citation', url_citation: { url: citation.url, title: 'Weather' } },
    ])
    expect(message).toMatchObject({ provider_specific_fields: { citations: [citation] } })
  })

  it.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['refusal', 'content_filter'],
    ['pause_turn', 'stop'],
  ] as const)('%s is %s', async (stop_reason, finish_reason) => {
    const message = messageOf([{ type: 'text', text: 'Well', citations: null }])
    testbed.upstream.script(claude, answerMessage({ ...message, stop_reason }))
    const completion = await client.chat.completions.create({ model: 'claude', messages: ask.messages })
    expect(completion.choices[0]?.finish_reason).toBe(finish_reason)
  })

  it('keeps members that nobody knows among the provider specific fields', async () => {
    const message = { ...messageOf([{ type: 'text', text: 'Well', citations: null }]), x_new: { a: 1 } }
    testbed.upstream.script(claude, answerMessage(message))
    const completion = await client.chat.completions.create({ model: 'claude', messages: ask.messages })
    expect(completion.choices[0]?.message).toMatchObject({ provider_specific_fields: { x_new: { a: 1 } } })
  })
})
