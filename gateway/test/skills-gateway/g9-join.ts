import { afterAll, beforeAll, expect, it } from 'vitest'
import { call } from '../harness/call-gateway.ts'
import { type ProductDatabase, startGatewayOver } from '../harness/databases.ts'
import { type ScriptedUpstream, startScriptedUpstream } from '../harness/scripted-upstream.ts'
import type { Gateway } from '../harness/start-gateway.ts'
import { answerTruly } from '../harness/steps.ts'
import { waitUntil } from '../harness/wait-until.ts'
import { conversationConfig, createTopics, headers, load } from './conversations.ts'

/** What was offered, delivered and read is joined with no code of the client. */
export function describeJoin(database: ProductDatabase): void {
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

  it.each([
    ['poem', [load('poem')], ['poem']],
    ['nothing', [], []],
    ['two', [load('refund'), load('invoice')], ['invoice', 'refund']],
  ])('of a turn that reads %s', async (what, toolCalls, read) => {
    const last = answerTruly({ content: 'Done.' })
    if (toolCalls.length === 0) upstream.script('gpt-4o', last)
    else upstream.script('gpt-4o', answerTruly({ toolCalls }), last)
    const body = { model: 'gpt', messages: [{ role: 'user', content: `Please handle ${what}` }] }
    const answer = await call(gateway.url, '/v1/chat/completions', { key, headers, body })
    const id = answer.headers['x-routeiq-routing-id']
    const decision = await waitUntil('the join', async () => {
      const found = await call(gateway.url, `/api/v1/skills/routing/${id}`, { key })
      return found.status === 200 && found.json().closed === true ? found.json() : null
    })
    expect(decision.agent_name).toBe('clerk')
    expect(decision.offered.toSorted()).toEqual(['invoice', 'poem', 'refund', 'weather'])
    expect([decision.delivered.toSorted(), decision.activated.toSorted()]).toEqual([read, read])
    const left = decision.offered.filter((name: string) => !read.includes(name))
    expect(decision.offered_not_activated.toSorted()).toEqual(left.toSorted())
  })
}
