import { Agent, request as openRequest } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { LOAD_CORE, nodeProgram } from './measure/harness.js'
import { pickPort, startProcess, waitForPort } from './measure/process.js'
import { readMemory } from './measure/process-tree.js'
import { runProgram } from './measure/run-program.js'
import { spreadOf } from './measure/statistics.js'
import { formatTable } from './report/format-table.js'
import { startRouteiq } from './subjects/routeiq.js'

/** Usage: `node a2a.js [--rounds N] [--agents N] [--streams N]`. What the gateway adds to calls of an agent. */
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    agents: { type: 'string', default: '10000' },
    streams: { type: 'string', default: '1000' },
  },
})
const CALLERS = 100
/** An agent takes its time; a hundred callers then make some hundred calls a second. */
const THINKS_MS = 200
const CALLS = 10
/** Until the compiler has seen what is called often. */
const WARM_UP_ROUNDS = 3
const agent = new Agent({ keepAlive: true, maxSockets: CALLERS })
const streams = new Agent({ keepAlive: false })
/** Agents that are registered at the same time. */
const REGISTRARS = 32

/** Begins a request whose answer `onAnswer` reads. */
function open({ port, path, headers }, { method, text, connections }, onAnswer) {
  const message = { messageId: 'm', role: 'ROLE_USER', parts: [{ text }] }
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { message } })
  const length = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  const sent = openRequest(
    {
      ...{ agent: connections, host: '127.0.0.1', port, path, method: 'POST' },
      headers: { ...headers, ...length },
    },
    onAnswer,
  )
  sent.end(body)
  return sent
}

function call(target, method) {
  return new Promise((resolve, reject) => {
    const startMs = performance.now()
    const sent = open(target, { method, text: String(THINKS_MS), connections: agent }, (answer) => {
      let text = ''
      let firstMs = 0
      answer.on('data', (part) => {
        if (firstMs === 0) firstMs = performance.timeOrigin + performance.now()
        text += part
      })
      answer.on('end', () => {
        if (answer.statusCode !== 200 || text.includes('"error"'))
          reject(new Error(`status ${answer.statusCode}: ${text}`))
        else resolve({ ms: performance.now() - startMs, firstMs, text })
      })
    })
    sent.on('error', reject)
  })
}

/** Opens a stream and resolves once its first event is there. */
function openStream(target) {
  return new Promise((resolve, reject) => {
    const text = `${THINKS_MS} open`
    const sent = open(target, { method: 'SendStreamingMessage', text, connections: streams }, (answer) => {
      answer.once('data', (part) => {
        const firstMs = performance.timeOrigin + performance.now()
        resolve({ firstMs, text: String(part), close: () => sent.destroy() })
        answer.resume()
      })
      answer.on('error', () => {})
    })
    sent.on('error', reject)
  })
}

/** Opens many streams within two seconds and holds them. */
async function holdStreams(target, count) {
  const opened = Array.from({ length: count }, async (_, at) => {
    await sleep((at / count) * 2_000)
    return openStream(target)
  })
  return Promise.all(opened)
}

/** Memory of the gateway with streams open and without, and when their first events arrived. */
async function measureStreams(subject, target, count) {
  const closeAll = async (held) => {
    for (const { close } of held) close()
    await sleep(3_000)
  }
  // What the process takes for the first time it keeps; what counts is what streams take.
  await closeAll(await holdStreams(target, count))
  const before = readMemory(subject.pid).pssMb
  const held = await holdStreams(target, count)
  await sleep(3_000)
  const added = readMemory(subject.pid).pssMb - before
  await closeAll(held)
  return { kbPerStream: (added * 1000) / count, firstMs: held.map(onTheWay) }
}

/** `CALLERS` callers, each with one call after the other, spread over the time an agent thinks. */
async function measure(target, method) {
  const answers = []
  const caller = async (at) => {
    await sleep((at / CALLERS) * THINKS_MS)
    for (let number = 0; number < CALLS; number += 1) answers.push(await call(target, method))
  }
  await Promise.all(Array.from({ length: CALLERS }, (_, at) => caller(at)))
  return answers
}

const sorted = (values) => [...values].sort((left, right) => left - right)
const percentile = (values, share) => sorted(values)[Math.floor(values.length * share)]
/** From the event leaving the agent to its arrival at the client. */
const onTheWay = ({ firstMs, text }) => firstMs - Number(/"sentAt":([\d.]+)/.exec(text)[1])

async function addAgents(subject, port, count) {
  const headers = { authorization: `Bearer ${subject.masterKey}`, 'content-type': 'application/json' }
  const register = async (at) => {
    const body = JSON.stringify({ agent_name: `agent-${at}`, url: `http://agent-${at}.example.org/` })
    const answer = await fetch(`http://127.0.0.1:${port}/a2a/agents`, { method: 'POST', headers, body })
    if (answer.status !== 200) throw new Error(`an agent was not registered: ${await answer.text()}`)
  }
  let next = 0
  const registrar = async () => {
    for (let at = next++; at < count; at = next++) await register(at)
  }
  const startMs = performance.now()
  await Promise.all(Array.from({ length: REGISTRARS }, registrar))
  return (performance.now() - startMs) / 1000
}

await runProgram(async () => {
  const agentPort = await pickPort()
  const mock = startProcess({
    ...nodeProgram('agent', '../mock/agent.js', [String(agentPort)]),
    core: LOAD_CORE,
  })
  await waitForPort(mock, agentPort)
  const subject = await startRouteiq({
    name: 'a2a',
    deployments: [],
    config: { agent_list: [{ agent_name: 'bench', url: `http://127.0.0.1:${agentPort}/` }] },
    env: { A2A_TASK_RATE_LIMIT: '0' },
  })
  const direct = { port: agentPort, path: '/', headers: {} }
  const routed = { port: subject.port, path: '/a2a/bench', headers: subject.headers }
  const rows = [['', 'direct p50 ms', 'through the gateway', 'added', 'goal']]
  const compare = async (name, method, read, goal) => {
    const added = []
    let last = []
    for (let round = 0; round < Number(options.rounds); round += 1) {
      const plain = percentile((await measure(direct, method)).map(read), 0.5)
      const through = percentile((await measure(routed, method)).map(read), 0.5)
      added.push(through - plain)
      last = [plain.toFixed(2), through.toFixed(2)]
    }
    const { median, min, max } = spreadOf(added)
    const range = `${median.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`
    rows.push([name, ...last, range, goal])
    console.error(rows.at(-1).join('  '))
  }
  for (let round = 0; round < WARM_UP_ROUNDS; round += 1) await measure(routed, 'SendMessage')
  await compare('SendMessage', 'SendMessage', ({ ms }) => ms, '≤ 1.5')
  await compare('first event on its way', 'SendStreamingMessage', onTheWay, '≤ 5')
  const streamCount = Number(options.streams)
  const { kbPerStream, firstMs } = await measureStreams(subject, routed, streamCount)
  const [p50, p99] = [0.5, 0.99].map((share) => percentile(firstMs, share).toFixed(2))
  console.error(`${streamCount} open streams  ${kbPerStream.toFixed(1)} KB each  ${p50} ms (p99 ${p99})`)
  const seconds = await addAgents(subject, subject.port, Number(options.agents))
  await compare(`SendMessage, ${options.agents} more agents`, 'SendMessage', ({ ms }) => ms, 'as above')
  console.log(formatTable(rows))
  console.log(
    `${streamCount} open streams: ${kbPerStream.toFixed(1)} KB each; first event after ${p50} ms (p99 ${p99})`,
  )
  console.log(`${options.agents} agents registered in ${seconds.toFixed(1)} s`)
})
