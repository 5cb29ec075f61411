import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { openStream } from './harness/read-stream.ts'
import { type ScriptedAgent, startScriptedAgent } from './harness/scripted-agent.ts'
import { type Gateway, type IssuedKey, startGateway } from './harness/start-gateway.ts'

/** An agent that writes its events in a way of its own, which no gateway would write. */
const odd = http.createServer(async (request, response) => {
  if (request.method === 'GET') {
    response.writeHead(404).end()
    return
  }
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const { id, params } = JSON.parse(Buffer.concat(chunks).toString())
  const what = params.message?.parts[0].text
  if (what === undefined) {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32603, message: 'Not now' } }))
    return
  }
  const json = (result: object) => JSON.stringify({ jsonrpc: '2.0', id, result })
  const first = json({ kind: 'task', id: 'odd-task', contextId: 'odd-context', status: { state: 'working' } })
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  if (what === 'refuse') {
    response.end(
      `data: ${JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32005, message: 'No' } })}\n\n`,
    )
    return
  }
  response.write(`: hello\r\nid: 7\r\ndata:${first}\r\n\r\n`)
  if (what === 'cut') {
    setTimeout(() => response.write('data: {"half', () => response.destroy()), 50)
    return
  }
  response.end(
    `event: odd\r\ndata:  ${json({ kind: 'message', parts: [{ kind: 'text', text: 'ü' }] })}\r\n\r\n`,
  )
})

let gateway: Gateway
let agent: ScriptedAgent
let key: IssuedKey

beforeAll(async () => {
  odd.listen(0, '127.0.0.1')
  await once(odd, 'listening')
  agent = await startScriptedAgent('1.0')
  const url = `http://127.0.0.1:${(odd.address() as AddressInfo).port}`
  gateway = await startGateway({
    config: {
      agent_list: [
        { agent_name: 'odd', url, litellm_params: { protocol_version: '0.3' } },
        { agent_name: 'current', url: agent.url },
      ],
    },
    env: { A2A_RAW_STREAMING_ENABLED: 'true', A2A_RAW_STREAMING_CHUNK_SIZE: '16' },
  })
  key = await gateway.createKey({ user_id: 'alice' })
})
afterAll(async () => {
  await gateway?.stop()
  await agent?.close()
  odd.closeAllConnections()
  odd.close()
})

const stream = (name: string, method: string, text: string) => {
  const message =
    method === 'message/stream'
      ? { kind: 'message', messageId: 'm', role: 'user', parts: [{ kind: 'text', text }] }
      : { messageId: 'm', role: 'ROLE_USER', parts: [{ text }] }
  const body = { jsonrpc: '2.0', id: 'mine', method, params: { message } }
  return openStream(gateway.url, `/a2a/${name}`, { key: key.key, body })
}

it('pass as the agent wrote them, and tell whose task they are of', async () => {
  const { end } = await stream('odd', 'message/stream', 'go')
  const text = await end
  expect(text).toMatch(/^: hello\r\nid: 7\r\ndata:\{"jsonrpc":"2.0","id":"mine"/)
  expect(text).toContain('event: odd\r\ndata:  {')
  expect(Buffer.from(text, 'latin1').includes('ü') || text.includes('ü')).toBe(true)
  const get = { jsonrpc: '2.0', id: 1, method: 'tasks/list', params: {} }
  const tasks = await call(gateway.url, '/a2a/odd', { key: key.key, body: get })
  expect(tasks.json().result.tasks).toMatchObject([{ id: 'odd-task' }])
  const bob = await gateway.createKey({ user_id: 'bob' })
  const foreign = { jsonrpc: '2.0', id: 1, method: 'tasks/get', params: { id: 'odd-task' } }
  const answer = await call(gateway.url, '/a2a/odd', { key: bob.key, body: foreign })
  expect(answer.json().error.code).toBe(-32001)
})

it('are answered plainly when the first event is an error', async () => {
  const message = { kind: 'message', messageId: 'm', role: 'user', parts: [{ kind: 'text', text: 'refuse' }] }
  const body = { jsonrpc: '2.0', id: 'mine', method: 'message/stream', params: { message } }
  const answer = await call(gateway.url, '/a2a/odd', { key: key.key, body })
  expect(answer.headers['content-type']).toMatch(/json/)
  expect(answer.json()).toMatchObject({ id: 'mine', error: { code: -32005 } })
})

it('end with an error event of their own when they are cut off', async () => {
  const { end } = await stream('odd', 'message/stream', 'cut')
  const last =
    (await end)
      .trim()
      .split(/\r?\n\r?\n/)
      .at(-1) ?? ''
  expect(JSON.parse(last.replace(/^data: /, ''))).toMatchObject({ id: 'mine', error: { code: -32603 } })
})

it('are read and translated between versions', async () => {
  const { end } = await stream('current', 'message/stream', 'do: work')
  expect(await end).toContain('"kind":"artifact-update"')
})
