import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'

// biome-ignore lint/suspicious/noExplicitAny: tests answer messages whose shape they know
type Message = any

export interface RawServer {
  readonly url: string
  readonly port: number
  /** What to do with the next messages of a method; without one they are answered as a legacy server would. */
  on(method: string, answer: (message: Message, response: http.ServerResponse) => void): void
  tools: object[]
  readonly received: Message[]
  close(): void
}

/** A server of the legacy line whose wire is in the hand of the test. */
export async function startRawServer(): Promise<RawServer> {
  const answers = new Map<string, (message: Message, response: http.ServerResponse) => void>()
  const received: Message[] = []
  const server = http.createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    if (request.method !== 'POST') return void response.writeHead(405).end()
    const message = JSON.parse(Buffer.concat(chunks).toString()) as Message
    received.push({ ...message, headers: request.headers })
    const answer = answers.get(message.method)
    if (answer !== undefined) return answer(message, response)
    if (message.id === undefined) return void response.writeHead(202).end()
    respond(response, message, resultOf(message.method, raw.tools))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const raw: RawServer = {
    url: `http://127.0.0.1:${port}/mcp`,
    port,
    on: (method, answer) => void answers.set(method, answer),
    tools: [tool('echo')],
    received,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
  return raw
}

export const tool = (name: string, extra: object = {}): object => ({
  ...{ name, description: `The tool ${name}`, inputSchema: { type: 'object' } },
  ...extra,
})

/** `result: null` answers that the method is not there. */
export function respond(response: http.ServerResponse, { id }: Message, result: object | null): void {
  const body =
    result === null
      ? { jsonrpc: '2.0', id, error: { code: -32_601, message: 'Method not found' } }
      : { jsonrpc: '2.0', id, result }
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function resultOf(method: string, tools: object[]): object | null {
  if (method === 'tools/list') return { tools }
  if (method === 'tools/call') return { content: [{ type: 'text', text: 'ok' }] }
  if (method !== 'initialize') return null
  const serverInfo = { name: 'raw', version: '1' }
  return { protocolVersion: '2025-11-25', capabilities: { tools: { listChanged: true } }, serverInfo }
}
