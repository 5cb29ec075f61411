import { describe, expect, it } from 'vitest'
import { openaiChatProtocol } from '../protocols/openai-chat/openai-chat.ts'
import { sampleDeployment } from './testing/sample-request.ts'
import { buildWantedBody } from './wanted-body.ts'

const point = (patch: { role?: string; index?: number }) => ({
  location: 'message' as const,
  role: null,
  index: null,
  ...patch,
})
const mark = { cache_control: { type: 'ephemeral' } }

describe('buildWantedBody', () => {
  it('returns the body itself when nothing changes', () => {
    const body = { model: 'm', temperature: 1, messages: [] }
    expect(buildWantedBody(body, sampleDeployment(), null, openaiChatProtocol)).toBe(body)
    const deployment = sampleDeployment({
      defaultParams: { temperature: 0 },
      extraBody: { temperature: 2 },
      additionalDropParams: ['nothing.there'],
      cacheControlInjectionPoints: [],
    })
    expect(buildWantedBody(body, deployment, null, openaiChatProtocol)).toBe(body)
  })

  it('fills in defaults where the client set none; null is something set', () => {
    const deployment = sampleDeployment({
      defaultParams: { temperature: 0, top_p: 1, stop: 'x' },
      extraBody: { top_p: 2, custom: true },
    })
    const body = { model: 'm', temperature: 0.5, stop: null }
    expect(buildWantedBody(body, deployment, null, openaiChatProtocol)).toEqual({
      model: 'm',
      temperature: 0.5,
      stop: null,
      top_p: 1,
      custom: true,
    })
    expect(body).toEqual({ model: 'm', temperature: 0.5, stop: null })
  })

  it('puts the overrides of a fallback on top, its model aside', () => {
    const deployment = sampleDeployment({ defaultParams: { temperature: 0 } })
    const overrides = { model: 'other', temperature: 1, messages: ['short'] }
    expect(
      buildWantedBody({ model: 'm', messages: ['long'] }, deployment, overrides, openaiChatProtocol),
    ).toEqual({
      model: 'm',
      temperature: 1,
      messages: ['short'],
    })
  })

  it('drops what the deployment has no place for, defaults included', () => {
    const deployment = sampleDeployment({
      defaultParams: { seed: 7 },
      additionalDropParams: ['seed', 'tools[*].strict'],
    })
    expect(
      buildWantedBody({ tools: [{ strict: true, name: 'x' }] }, deployment, null, openaiChatProtocol),
    ).toEqual({
      tools: [{ name: 'x' }],
    })
  })
})

describe('cache marks', () => {
  const messages = [
    { role: 'system', content: 's' },
    { role: 'user', content: 'u' },
    { role: 'assistant', content: 'a' },
    { role: 'user', content: 'v' },
  ]
  const marked = (points: ReturnType<typeof point>[], list: unknown[] = messages) => {
    const deployment = sampleDeployment({ cacheControlInjectionPoints: points })
    const wanted = buildWantedBody({ messages: list }, deployment, null, openaiChatProtocol)[
      'messages'
    ] as unknown[]
    return wanted.flatMap((message, index) => (JSON.stringify(message).includes('ephemeral') ? [index] : []))
  }

  it.each([
    [[point({ role: 'system' })], [0]],
    [[point({ role: 'user' })], [1, 3]],
    [[point({ index: 0 })], [0]],
    [[point({ index: -1 })], [3]],
    [[point({ index: 9 }), point({ index: -9 })], []],
    [
      [point({ role: 'system' }), point({ index: -2 })],
      [0, 2],
    ],
    [[point({ role: 'user', index: 2 })], [2]],
    [[point({})], []],
  ])('%j', (points, expected) => {
    expect(marked(points)).toEqual(expected)
  })

  it('keep the message and leave the client’s own alone', () => {
    const deployment = sampleDeployment({ cacheControlInjectionPoints: [point({ index: 1 })] })
    const wanted = buildWantedBody({ messages }, deployment, null, openaiChatProtocol)
    expect((wanted['messages'] as unknown[])[1]).toEqual({ ...messages[1], ...mark })
    expect(messages[1]).not.toHaveProperty('cache_control')
  })

  it('pass over what is no message', () => {
    const odd = [null, 'text', 7, { role: 'user', content: 'u' }]
    expect(marked([point({ role: 'user' }), point({ index: 0 }), point({ index: 1 })], odd)).toEqual([3])
    const deployment = sampleDeployment({ cacheControlInjectionPoints: [point({ index: 0 })] })
    const body = { messages: 'none' }
    expect(buildWantedBody(body, deployment, null, openaiChatProtocol)).toBe(body)
  })
})
