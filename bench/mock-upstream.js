import { createServer } from 'node:net'
import {
  CHAT_ANSWER,
  formatEmbeddingsAnswer,
  formatJsonAnswer,
  formatStreamWrites,
} from './mock/chat-answers.js'
import { PacedAnswer } from './mock/paced-answer.js'
import { Pacer } from './mock/pacer.js'
import { RequestReader } from './mock/request-reader.js'
import { parseScenario } from './mock/scenario.js'

const MODEL = Buffer.from('"model"')
const NOT_FOUND = formatJsonAnswer(404, { error: { message: 'Unknown URL', type: 'invalid_request_error' } })
const NO_KEY = formatJsonAnswer(401, { error: { message: 'No API key', type: 'invalid_request_error' } })

const pacer = new Pacer(() => performance.now())
const state = { openSockets: 0, activeAnswers: 0, requests: 0, aborted: 0 }
/** @type {Map<string, Buffer[]>} */
const streamWrites = new Map()

/** The value of the body's `"model"`, found by bytes: bodies of the bench hold that key once, near the start. */
function readModel(body) {
  const at = body.indexOf(MODEL)
  if (at < 0) return ''
  const opening = body.indexOf(0x22, at + MODEL.length)
  return body.latin1Slice(opening + 1, body.indexOf(0x22, opening + 1))
}

function asks(body, key) {
  const at = body.indexOf(`"${key}"`)
  if (at < 0) return false
  const after = body.latin1Slice(at + key.length + 2, Math.min(at + key.length + 10, body.length))
  return after.replace(/[\s:]/g, '').startsWith('true')
}

function writesOf(events, withUsage) {
  const key = `${events} ${withUsage}`
  let writes = streamWrites.get(key)
  if (writes === undefined) {
    writes = formatStreamWrites(events, withUsage)
    streamWrites.set(key, writes)
    streamWrites.set(`${key} whole`, [Buffer.concat(writes)])
  }
  return writes
}

function answerChat(socket, body) {
  const { events, gapMs, firstMs } = parseScenario(readModel(body))
  const streamed = asks(body, 'stream')
  if (!streamed && firstMs === 0) return socket.write(CHAT_ANSWER)
  let writes = [CHAT_ANSWER]
  if (streamed) {
    const withUsage = asks(body, 'include_usage')
    writes = writesOf(events, withUsage)
    if (gapMs === 0) writes = streamWrites.get(`${events} ${withUsage} whole`)
  }
  const nowMs = performance.now()
  state.activeAnswers += 1
  const onEnd = (whole) => {
    state.activeAnswers -= 1
    if (!whole) state.aborted += 1
  }
  const answer = new PacedAnswer(socket, writes, { dueMs: nowMs + firstMs, gapMs, onEnd })
  if (answer.step(nowMs)) pacer.add(answer)
}

function answer(socket, head, body) {
  const path = head.slice(head.indexOf(' ') + 1, head.indexOf(' http/'))
  if (path === '/__mock/state') return socket.write(formatJsonAnswer(200, state))
  state.requests += 1
  if (!head.includes('\r\nauthorization: bearer ')) return socket.write(NO_KEY)
  if (path === '/v1/chat/completions') return answerChat(socket, body)
  if (path === '/v1/embeddings') return socket.write(formatEmbeddingsAnswer(body.toString()))
  socket.write(NOT_FOUND)
}

const server = createServer({ noDelay: true }, (socket) => {
  state.openSockets += 1
  const reader = new RequestReader((head, body) => answer(socket, head, body))
  socket.on('data', (chunk) => reader.push(chunk))
  socket.on('error', () => socket.destroy())
  socket.on('close', () => {
    state.openSockets -= 1
  })
})

server.listen({ port: Number(process.argv[2] ?? 0), host: '127.0.0.1', backlog: 4096 }, () => {
  console.log(`listening on ${server.address().port}`)
})
