import { once } from 'node:events'
import http from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { stopProcess } from './measure/process.js'
import { readMemory } from './measure/process-tree.js'
import { runProgram } from './measure/run-program.js'
import { formatNumber } from './report/format-number.js'
import { formatTable } from './report/format-table.js'
import { startRouteiq } from './subjects/routeiq.js'

const GOALS = { addedCallMs: 1.5, listMs: 5, idleMb: 60, addedEventMs: 5 }
const SERVERS = 100
const TOOLS = 50
const SESSIONS = 100
const CALLS_PER_SECOND = 200
const SECONDS = 10
const IDLE_SESSIONS = 1_000
const STREAMS = 50
/** Between the first event of a streamed answer and the rest. */
const PAUSE_MS = 200

/** An answer in two pieces: how far it is, and after a pause the rest. */
async function stream(response, id, progressToken) {
  const event = (message) => `event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write(event({ method: 'notifications/progress', params: { progressToken, progress: 1 } }))
  await sleep(PAUSE_MS)
  response.end(event({ id, result: { content: [{ type: 'text', text: 'done' }] } }))
}

/** A tool server of the 2025-11-25 line with nothing behind it: what it answers is the same each time. */
async function startToolServer() {
  const tools = Array.from({ length: TOOLS }, (_, index) => ({
    name: `tool_${String(index).padStart(2, '0')}`,
    description: `Tool number ${index}, which does what tools of its kind do, for the one who calls it.`,
    inputSchema: { type: 'object', properties: { text: { type: 'string' } } },
  }))
  const results = {
    initialize: {
      protocolVersion: '2025-11-25',
      capabilities: { tools: {} },
      serverInfo: { name: 'bench', version: '1' },
    },
    'tools/list': { tools },
    'tools/call': { content: [{ type: 'text', text: 'x'.repeat(200) }] },
  }
  const server = http.createServer((request, response) => {
    const chunks = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      if (request.method !== 'POST') return response.writeHead(405).end()
      const { id, method, params } = JSON.parse(Buffer.concat(chunks).toString())
      if (id === undefined) return response.writeHead(202).end()
      if (params?.name === 'tool_01') return stream(response, id, params._meta?.progressToken)
      const result = results[method]
      const answer =
        result === undefined ? { error: { code: -32601, message: 'Method not found' } } : { result }
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ jsonrpc: '2.0', id, ...answer }))
    })
  })
  server.keepAliveTimeout = 60_000
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server.address().port
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 2_000 })

/** One message; resolves with the head and the text of the answer. */
function post({ port, path, headers }, message, onPiece = () => {}) {
  const body = JSON.stringify({ jsonrpc: '2.0', ...message })
  return new Promise((resolve, reject) => {
    const request = http.request({
      ...{ agent, host: '127.0.0.1', port, path, method: 'POST' },
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'content-length': Buffer.byteLength(body),
        ...headers,
      },
    })
    // A connection that was idle may be closed just as it is used again.
    request.on('error', (error) =>
      request.reusedSocket && error.code === 'ECONNRESET'
        ? post({ port, path, headers }, message, onPiece).then(resolve, reject)
        : reject(error),
    )
    request.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk) => {
        text += chunk
        onPiece(chunk)
      })
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }))
    })
    request.end(body)
  })
}

async function openSession(target) {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'b', version: '1' } }
  const { headers, status, text } = await post(target, { id: 1, method: 'initialize', params })
  if (status !== 200) throw new Error(`initialize answered ${status}: ${text}`)
  const id = headers['mcp-session-id']
  const session =
    id === undefined ? target : { ...target, headers: { ...target.headers, 'mcp-session-id': id } }
  await post(session, { method: 'notifications/initialized' })
  return session
}

/** The medians of calls that start at even distances, each in the next of the sessions. */
async function measureCalls(target, toolName) {
  const sessions = await Promise.all(Array.from({ length: SESSIONS }, () => openSession(target)))
  let calls = 0
  const call = async (session) => {
    const startedAt = performance.now()
    const params = { name: toolName, arguments: { text: 'hi' } }
    // Two calls of a session may be under way at once on a slow machine, and are told apart by their ids.
    calls += 1
    const { text } = await post(session, { id: calls, method: 'tools/call', params })
    if (!text.includes('xxxx')) throw new Error(`a call was answered with ${text.slice(0, 200)}`)
    return performance.now() - startedAt
  }
  await Promise.all(sessions.map(call))
  const times = []
  const total = CALLS_PER_SECOND * SECONDS
  const begunAt = performance.now()
  for (let n = 0; n < total; n += 1) {
    const wait = begunAt + (n * 1000) / CALLS_PER_SECOND - performance.now()
    if (wait > 1) await sleep(wait)
    times.push(call(sessions[n % SESSIONS]))
  }
  return quantiles(await Promise.all(times))
}

async function measureLists(target) {
  const session = await openSession(target)
  const times = []
  for (let n = 0; n < 300; n += 1) {
    const startedAt = performance.now()
    const { text } = await post(session, { id: 2, method: 'tools/list', params: {} })
    if (n >= 50) times.push(performance.now() - startedAt)
    if (!text.includes('"tools":')) throw new Error(`a list was answered with ${text.slice(0, 200)}`)
  }
  return quantiles(times)
}

/** How long the first event of a streamed answer takes. Errors: when it comes with the rest. */
async function measureFirstEvents(target) {
  const session = await openSession(target)
  const times = []
  for (let n = 0; n < STREAMS; n += 1) {
    const startedAt = performance.now()
    let firstAt = null
    const params = { name: 'tool_01', arguments: {}, _meta: { progressToken: n } }
    const { text } = await post(session, { id: n, method: 'tools/call', params }, (piece) => {
      if (firstAt === null && piece.includes('notifications/progress')) firstAt = performance.now()
    })
    if (!text.includes('done')) throw new Error(`a streamed call was answered with ${text.slice(0, 200)}`)
    if (firstAt === null || performance.now() - firstAt < PAUSE_MS / 2)
      throw new Error('the first event of a stream came with the rest')
    times.push(firstAt - startedAt)
  }
  return quantiles(times)
}

function quantiles(times) {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
  return { p50: at(0.5), p99: at(0.99) }
}

/** Once every server was asked what it offers. */
async function launch(name, upstreamPort, count) {
  const servers = Array.from({ length: count }, (_, index) => [
    `server-${String(index).padStart(3, '0')}`,
    { url: `http://127.0.0.1:${upstreamPort}/mcp`, transport: 'http', protocol_era: 'legacy' },
  ])
  const config = { mcp_servers: Object.fromEntries(servers), routeiq: { mcp: { health_interval: 600 } } }
  const subject = await startRouteiq({ name, deployments: [], config })
  const target = { port: subject.port, path: '/mcp', headers: subject.headers }
  for (;;) {
    const { text } = await post(target, { id: 1, method: 'tools/list', params: {} })
    const seen = text.split('server-').length > 1
    const health = await (
      await fetch(`http://127.0.0.1:${subject.port}/v1/llmrouter/mcp/server/health`, {
        headers: target.headers,
      })
    ).json()
    if (seen && health.summary.healthy === count) return { subject, target }
    await sleep(100)
  }
}

await runProgram(async () => {
  const upstreamPort = await startToolServer()
  const direct = { port: upstreamPort, path: '/mcp', headers: {} }
  const few = await launch('mcp-few', upstreamPort, 2)
  const fewLists = await measureLists(few.target)
  await stopProcess(few.subject)
  const { subject, target } = await launch('mcp', upstreamPort, SERVERS)
  const lists = await measureLists(target)
  const alone = await measureCalls(direct, 'tool_00')
  const through = await measureCalls({ ...target, path: '/mcp/server-000' }, 'tool_00')
  const streamedAlone = await measureFirstEvents(direct)
  const streamed = await measureFirstEvents({ ...target, path: '/mcp/server-000' })
  const before = readMemory(subject.pid).rssMb
  await Promise.all(Array.from({ length: IDLE_SESSIONS }, () => openSession(target)))
  await sleep(3_000)
  const idle = readMemory(subject.pid).rssMb - before
  await stopProcess(subject)
  const rows = [
    ['', 'p50 ms', 'p99 ms'],
    ['tools/call, direct', formatNumber(alone.p50), formatNumber(alone.p99)],
    ['tools/call, through the gateway', formatNumber(through.p50), formatNumber(through.p99)],
    ['first event of a stream, direct', formatNumber(streamedAlone.p50), formatNumber(streamedAlone.p99)],
    ['first event of a stream, through the gateway', formatNumber(streamed.p50), formatNumber(streamed.p99)],
    [`first page of tools/list, 2 × ${TOOLS}`, formatNumber(fewLists.p50), formatNumber(fewLists.p99)],
    [`first page of tools/list, ${SERVERS} × ${TOOLS}`, formatNumber(lists.p50), formatNumber(lists.p99)],
  ]
  console.log(`\n${SESSIONS} sessions, ${CALLS_PER_SECOND} calls a second\n${formatTable(rows)}`)
  const judge = (value, goal) =>
    `${formatNumber(value)}, goal ≤ ${goal}: ${value <= goal ? 'goal met' : 'MISSED'}`
  console.log(`a call adds, p50 ms ${judge(through.p50 - alone.p50, GOALS.addedCallMs)}`)
  console.log(`a first event, p50 ms more ${judge(streamed.p50 - streamedAlone.p50, GOALS.addedEventMs)}`)
  console.log(`a list takes, p50 ms ${judge(lists.p50, GOALS.listMs)}`)
  console.log(`${IDLE_SESSIONS} idle sessions, MB ${judge(idle, GOALS.idleMb)}`)
})
