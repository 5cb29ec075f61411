import { afterAll, beforeAll, expect, it } from 'vitest'
import { openTcpRelay, type TcpRelay } from '../../src/storage/testing/tcp-relay.ts'
import { call } from '../harness/call-gateway.ts'
import type { ProductDatabase } from '../harness/databases.ts'
import { type ScriptedUpstream, startScriptedUpstream } from '../harness/scripted-upstream.ts'
import { type Gateway, startGateway } from '../harness/start-gateway.ts'
import { answerTruly } from '../harness/steps.ts'
import { waitUntil } from '../harness/wait-until.ts'
import { conversationConfig, createTopics, headers, load } from './conversations.ts'

/** Several replicas over one database and one Redis, either of which and any of them may die. */
export function describeMoat(database: ProductDatabase, redisUrl: string): void {
  let upstream: ScriptedUpstream
  let remove: () => Promise<void>
  let relay: TcpRelay
  let replicas: readonly Gateway[]
  let key: string
  let stranger: string

  beforeAll(async () => {
    upstream = await startScriptedUpstream()
    const made = await database.create()
    remove = made.remove
    relay = await openTcpRelay(made.env['DATABASE_URL'] ?? '')
    const env = { DATABASE_URL: relay.url, REDIS_URL: redisUrl, LITELLM_SALT_KEY: 'a salt of the tests' }
    const config = conversationConfig(upstream)
    const first = await startGateway({ config, env })
    replicas = [first]
    replicas = [first, await startGateway({ config, env })]
    key = (await first.createKey({ organization_id: 'acme' })).key
    stranger = (await first.createKey({ organization_id: 'globex' })).key
    await createTopics(first, key)
  })
  afterAll(async () => {
    relay?.restore()
    for (const replica of replicas ?? []) await replica.stop()
    await relay?.close()
    await remove?.()
    await upstream?.close()
  })

  const at = (index: number): Gateway => replicas[index] as Gateway
  const ask = (index: number, messages: object[], asKey = key) =>
    call(at(index).url, '/v1/chat/completions', {
      ...{ key: asKey, headers, body: { model: 'gpt', messages } },
    })
  const sentLast = () => JSON.stringify(upstream.requestsFor('gpt-4o').at(-1)?.json)

  it('go on with what the other one hid from the client, for its owner alone, also after a kill', async () => {
    upstream.script(
      'gpt-4o',
      answerTruly({ toolCalls: [load('refund')] }),
      answerTruly({ content: 'Refunded.' }),
    )
    const question = { role: 'user', content: 'Please handle this refund' }
    const first = await ask(0, [question])
    const { message } = first.json().choices[0]
    expect(message.content).toBe('Refunded.')
    const messages = [question, message, { role: 'user', content: 'And what about this refund?' }]
    upstream.script('gpt-4o', answerTruly({ content: 'The same.' }))
    expect((await ask(1, messages)).status).toBe(200)
    expect(sentLast()).toContain('How to deal with a refund')
    expect((await ask(1, messages, stranger)).status).toBe(200)
    expect(sentLast()).not.toContain('How to deal with a refund')
    await at(0).restart('SIGKILL')
    await waitUntil('the skills are there again', async () => {
      const answer = await ask(0, messages)
      return answer.status === 200 && sentLast().includes('How to deal with a refund')
    })
  })

  it('join what was read at either of them', async () => {
    upstream.script('gpt-4o', answerTruly({ toolCalls: [load('poem')] }), answerTruly({ content: 'Verses.' }))
    const answer = await ask(1, [{ role: 'user', content: 'Please handle this poem' }])
    const id = answer.headers['x-routeiq-routing-id']
    const decision = await waitUntil('the join', async () => {
      const found = await call(at(0).url, `/api/v1/skills/routing/${id}`, { key })
      return found.status === 200 && found.json().closed === true ? found.json() : null
    })
    expect(decision).toMatchObject({ agent_name: 'clerk', activated: ['poem'] })
  })

  it('keep everything when the database breaks off and comes back, and when all of them are killed', async () => {
    const read = async (index: number) => {
      const listed = await call(at(index).url, '/v1/skills', { key })
      const zip = await call(at(index).url, '/v1/skills/poem/versions/latest/content', { key })
      return [listed.text, zip.headers['etag']]
    }
    const before = await read(0)
    relay.cut()
    await waitUntil('the store is away', async () => {
      const answer = await call(at(0).url, '/v1/skills', { key })
      return answer.status >= 500
    })
    upstream.script('gpt-4o', answerTruly({ content: 'Answered all the same.' }))
    expect((await ask(0, [{ role: 'user', content: 'Please handle this weather' }])).status).toBe(200)
    relay.restore()
    await waitUntil('the store is there again', async () => (await read(0))[1] === before[1])
    expect(await read(1)).toEqual(before)
    await Promise.all(replicas.map((replica) => replica.restart('SIGKILL')))
    expect(await read(0)).toEqual(before)
    expect(await read(1)).toEqual(before)
  })
}
