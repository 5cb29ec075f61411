import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'

interface ReceivedRequest {
  readonly head: string
  readonly body: string
  /** Counts the requests of this server from 0. */
  readonly index: number
}

export type RequestHandler = (socket: net.Socket, request: ReceivedRequest) => void

/** A server whose answers are the octets that the handler writes. */
export interface ScriptedServer {
  readonly port: number
  readonly origin: string
  readonly requests: ReceivedRequest[]
  /** Sockets that are open now. */
  readonly sockets: Set<net.Socket>
  /** Sockets ever accepted. */
  accepted: number
  close(): Promise<void>
}

export async function startScriptedServer(
  onRequest: RequestHandler,
  tlsOptions?: tls.TlsOptions,
): Promise<ScriptedServer> {
  const requests: ReceivedRequest[] = []
  const sockets = new Set<net.Socket>()
  const onSocket = (socket: net.Socket): void => {
    scripted.accepted++
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    let text = ''
    socket.on('data', (chunk: Buffer) => {
      text = takeRequests(text + chunk.toString('latin1'), (head, body) => {
        const request = { head, body, index: requests.length }
        requests.push(request)
        onRequest(socket, request)
      })
    })
  }
  const server =
    tlsOptions === undefined ? net.createServer(onSocket) : tls.createServer(tlsOptions, onSocket)
  if (tlsOptions !== undefined) server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const port = (server.address() as net.AddressInfo).port
  const scripted: ScriptedServer = {
    port,
    origin: `http://127.0.0.1:${port}`,
    requests,
    sockets,
    accepted: 0,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
  return scripted
}

function takeRequests(text: string, found: (head: string, body: string) => void): string {
  let rest = text
  for (;;) {
    const end = rest.indexOf('\r\n\r\n')
    if (end === -1) return rest
    const length = Number(/content-length: (\d+)/i.exec(rest.slice(0, end))?.[1] ?? 0)
    if (rest.length < end + 4 + length) return rest
    found(rest.slice(0, end), rest.slice(end + 4, end + 4 + length))
    rest = rest.slice(end + 4 + length)
  }
}
