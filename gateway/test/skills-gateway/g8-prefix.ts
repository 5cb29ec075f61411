import { afterAll, beforeAll, expect, it } from 'vitest'
import { call } from '../harness/call-gateway.ts'
import { type ProductDatabase, startGatewayOver } from '../harness/databases.ts'
import { type ScriptedUpstream, startScriptedUpstream } from '../harness/scripted-upstream.ts'
import type { Gateway } from '../harness/start-gateway.ts'
import { answerTruly } from '../harness/steps.ts'
import { conversationConfig, createTopics, headers, load, topics } from './conversations.ts'

// biome-ignore lint/suspicious/noExplicitAny: what is sent to providers is looked at as it is
type Body = any

/** One wire: how a conversation is asked and goes on. */
const wires = {
  gpt: {
    model: 'gpt-4o',
    path: '/v1/chat/completions',
    request: (messages: object[]) => ({ model: 'gpt', messages }),
    answerOf: (body: Body) => body.choices[0].message as object,
    /** What a provider caches: everything in front of the last human message. */
    sent: (body: Body) => body.messages as object[],
    system: () => '',
  },
  claude: {
    model: 'claude-sonnet-4-5',
    path: '/v1/messages',
    request: (messages: object[]) => ({ model: 'claude', max_tokens: 100, messages }),
    answerOf: (body: Body) => ({ role: 'assistant', content: body.content }),
    sent: (body: Body) => body.messages as object[],
    system: (body: Body) => JSON.stringify([body.system, body.tools]),
  },
} as const

/** The bytes in front of what is new: what a provider has cached comes again as it was. */
export function describePrefix(database: ProductDatabase): void {
  let upstream: ScriptedUpstream
  let gateway: Gateway
  let key: string

  beforeAll(async () => {
    upstream = await startScriptedUpstream()
    gateway = await startGatewayOver(database, { config: conversationConfig(upstream) })
    key = (await gateway.createKey({ organization_id: 'acme' })).key
    await createTopics(gateway, key)
  })
  afterAll(async () => {
    await gateway?.stop()
    await upstream?.close()
  })

  it.each(['gpt', 'claude'] as const)(
    '%s gets again what it has cached, over a hundred turns and what was read on the way',
    async (name) => {
      const wire = wires[name]
      const messages: object[] = []
      let before: string[] = []
      let system: string | null = null
      for (let turn = 0; turn < 100; turn += 1) {
        const topic = topics[turn % topics.length] ?? ''
        // Every tenth turn the model reads a skill, which the client never sees.
        const reads = turn % 10 === 3
        const said = answerTruly({ content: `Answer ${turn}.` })
        if (reads) upstream.script(wire.model, answerTruly({ toolCalls: [load(topic)] }), said)
        else upstream.script(wire.model, said)
        messages.push({ role: 'user', content: `Question ${turn}: please handle this ${topic}` })
        const first = upstream.requestsFor(wire.model).length
        const answer = await call(gateway.url, wire.path, { key, headers, body: wire.request(messages) })
        expect(answer.status, answer.text).toBe(200)
        expect(answer.text).not.toContain('load_skill')
        messages.push(wire.answerOf(answer.json()))
        for (const request of upstream.requestsFor(wire.model).slice(first)) {
          const sent = wire.sent(request.json).map((message) => JSON.stringify(message))
          expect(sent.slice(0, before.length), `turn ${turn}`).toEqual(before)
          system ??= wire.system(request.json)
          expect(wire.system(request.json)).toBe(system)
          before = sent
        }
      }
      const last = JSON.stringify(wire.sent(upstream.requestsFor(wire.model).at(-1)?.json))
      expect(last.split('How to deal with a').length - 1).toBe(10)
    },
    120_000,
  )
}
