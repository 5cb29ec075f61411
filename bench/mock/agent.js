import { createServer } from 'node:http'

/**
 * Usage: `node agent.js PORT`. An A2A agent of version 1.0 that answers after as many milliseconds as its text says. A
 * stream whose text says `open` after that stays open until its client leaves.
 */
const port = Number(process.argv[2])
let next = 0

const card = {
  name: 'bench',
  description: 'Answers',
  version: '1.0.0',
  supportedInterfaces: [
    { url: `http://127.0.0.1:${port}/`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
  ],
  capabilities: { streaming: true },
  defaultInputModes: ['text/plain'],
  defaultOutputModes: ['text/plain'],
  skills: [],
}

createServer((request, response) => {
  if (request.method === 'GET') {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(card))
    return
  }
  let text = ''
  request.on('data', (part) => {
    text += part
  })
  request.on('end', () => answer(JSON.parse(text), response))
}).listen(port, '127.0.0.1')

function answer({ id, method, params }, response) {
  const [wait, end] = params.message.parts[0].text.split(' ')
  const waitMs = Number(wait)
  const task = { id: `t${next++}`, contextId: `c${next}`, status: { state: 'TASK_STATE_COMPLETED' } }
  if (method === 'SendMessage') {
    setTimeout(() => {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ jsonrpc: '2.0', id, result: { task } }))
    }, waitMs)
    return
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.flushHeaders()
  setTimeout(() => {
    // The clock of the machine, so that the reader knows when the event left.
    const event = { task: { ...task, metadata: { sentAt: performance.timeOrigin + performance.now() } } }
    response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', id, result: event })}\n\n`)
    if (end !== 'open') response.end()
  }, waitMs)
}
