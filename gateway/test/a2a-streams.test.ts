import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { call, openRequest } from './harness/call-gateway.ts'
import { dataOf, openStream, type ReadStream } from './harness/read-stream.ts'
import { type ScriptedAgent, startScriptedAgent } from './harness/scripted-agent.ts'
import { type Gateway, type IssuedKey, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

const eventBytes = 20_000
const events = 5_000

/** An agent of 0.3 that streams a hundred megabytes as fast as they are taken. */
async function startFlood() {
  const state = { written: 0, isOver: false, url: '', close: () => {} }
  const server = http.createServer(async (request, response) => {
    if (request.method === 'GET') {
      response.writeHead(404).end()
      return
    }
    for await (const _ of request);
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const part = { kind: 'text', text: 'x'.repeat(eventBytes) }
    for (let at = 0; at < events && !response.destroyed; at += 1) {
      const result = { kind: 'message', messageId: `m${at}`, role: 'agent', parts: [part] }
      const flows = response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', id: 1, result })}\n\n`)
      state.written += eventBytes
      if (!flows) await Promise.race([once(response, 'drain'), once(response, 'close')])
    }
    state.isOver = true
    response.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  state.close = () => {
    server.closeAllConnections()
    server.close()
  }
  return state
}

let gateway: Gateway
let flood: Awaited<ReturnType<typeof startFlood>>
let agent: ScriptedAgent
let key: IssuedKey

beforeAll(async () => {
  flood = await startFlood()
  agent = await startScriptedAgent('1.0')
  const agent_list = [
    { agent_name: 'flood', url: flood.url },
    { agent_name: 'long', url: agent.url },
  ]
  const env = { ROUTEIQ_DRAIN_TIMEOUT_SECONDS: '1', LLMROUTER_OUTBOUND_HOST_ALLOWLIST: '127.0.0.1' }
  gateway = await startGateway({ config: { agent_list }, env })
  key = await gateway.createKey({})
})
afterAll(async () => {
  await gateway?.stop()
  flood?.close()
  await agent?.close()
})

const bodyOf = (messageId: string) => ({
  ...{ jsonrpc: '2.0', id: 7, method: 'message/stream' },
  params: { message: { kind: 'message', messageId, role: 'user', parts: [{ kind: 'text', text: 'Hi' }] } },
})

async function openLong(name: string): Promise<ReadStream> {
  const stream = await openStream(gateway.url, `/a2a/${name}`, { key: key.key, body: bodyOf('long') })
  await waitUntil('the first event is here', () => stream.text().includes('data: '))
  return stream
}

/** The same three times in a row: what is written goes nowhere until somebody reads. */
async function untilItStands(read: () => number): Promise<number> {
  let last = -1
  let times = 0
  await waitUntil('it stands', () => {
    times = read() === last ? times + 1 : 0
    last = read()
    return last > 0 && times >= 20
  })
  return last
}

it('a client that does not read pauses the agent, and gets everything when it reads again', async () => {
  const request = openRequest(gateway.url, '/a2a/flood', { key: key.key, body: bodyOf('much') })
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  response.pause()
  const written = await untilItStands(() => flood.written)
  expect([flood.isOver, written < (events * eventBytes) / 2]).toEqual([false, true])
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  // As a whole: an event may come in two chunks.
  expect(Buffer.concat(chunks).toString('latin1').split('data: ')).toHaveLength(events + 1)
})

it('a client that leaves ends the stream of the agent and not its task', async () => {
  const stream = await openLong('long')
  const [first] = dataOf(stream.text()) as { result: { id: string } }[]
  const id = first?.result.id
  stream.leave()
  await waitUntil('its stream is closed', async () => {
    const { text } = await call(gateway.url, '/metrics', { key: gateway.masterKey })
    return /^gateway_a2a_open_streams 0$/m.test(text)
  })
  const body = { jsonrpc: '2.0', id: 8, method: 'tasks/get', params: { id } }
  const found = await call(gateway.url, '/a2a/long', { key: key.key, body })
  expect(found.json().result.status.state).toBe('working')
})

it('streams of an agent that is removed end with an error event', async () => {
  const removed = { agent_name: 'removed', url: agent.url }
  await call(gateway.url, '/a2a/agents', { key: gateway.masterKey, body: removed })
  const stream = await openLong('removed')
  await call(gateway.url, '/a2a/agents/removed', { key: gateway.masterKey, method: 'DELETE' })
  expect(dataOf(await stream.end).at(-1)).toMatchObject({
    id: 7,
    error: { code: -32603, data: { reason: 'AGENT_UNAVAILABLE' } },
  })
})

it('streams that are left at the end of a shutdown end with an error event', async () => {
  const stream = await openLong('long')
  gateway.kill('SIGTERM')
  expect(dataOf(await stream.end).at(-1)).toMatchObject({
    id: 7,
    error: { code: -32603, message: expect.stringContaining('shutting down') },
  })
  expect(await gateway.exited()).toEqual({ code: 0, signal: null })
})
