import { createServer } from 'node:http'
import { createTransport } from './bare-transport.js'

/** The pass-through of P11: node:http in, the transport out, no parsing, no keys, no records. */
const [port, origin] = [Number(process.argv[2]), process.argv[3]]
const transport = createTransport()
const DROPPED = new Set(['connection', 'keep-alive', 'transfer-encoding'])

class Relay {
  constructor(response) {
    this.response = response
    this.call = undefined
    this.ended = false
    this.plain = undefined
    response.on('close', () => {
      if (!this.ended) this.call?.cancel()
    })
  }

  onHeaders(status, headers) {
    const kept = []
    for (const name in headers) if (!DROPPED.has(name)) kept.push(name, headers[name])
    if (headers['content-length'] !== undefined) this.plain = []
    this.response.writeHead(status, kept)
  }

  onData(chunk) {
    if (this.plain !== undefined) return this.plain.push(chunk) > 0
    if (this.response.write(chunk)) return true
    this.response.once('drain', () => this.call.resume())
    return false
  }

  onEnd() {
    this.ended = true
    if (this.plain === undefined) this.response.end()
    else this.response.end(this.plain.length === 1 ? this.plain[0] : Buffer.concat(this.plain))
  }

  onFailure(error) {
    this.ended = true
    if (this.response.headersSent) return this.response.destroy()
    this.response.writeHead(502).end(error.message)
  }
}

const server = createServer({ noDelay: true }, (request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    const relay = new Relay(response)
    const body = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)
    const headers = ['content-type', 'application/json', 'authorization', request.headers.authorization ?? '']
    relay.call = transport.send({ origin, method: 'POST', path: request.url, headers, body }, relay)
  })
})
server.listen({ port, host: '127.0.0.1', backlog: 4096 })
