import { once } from 'node:events'
import net from 'node:net'
import { Exchange } from '../exchange.ts'
import { HttpServer } from '../server/http-server.ts'

export interface ExchangeServer {
  readonly port: number
  readonly url: string
  /** Sends octets on a connection of their own and gives everything that comes back until its end. */
  send(text: string): Promise<string>
  /** A connection whose end the test decides. */
  connect(text: string): Promise<net.Socket>
  close(): Promise<void>
}

/** A real server that hands every request to `handle`. */
export async function startExchangeServer(handle: (exchange: Exchange) => void): Promise<ExchangeServer> {
  const server = new HttpServer((request, response) => handle(new Exchange(request, response)), null)
  const port = await server.listen({ port: 0, host: '127.0.0.1' })
  const connect = async (text: string): Promise<net.Socket> => {
    const socket = net.connect(port, '127.0.0.1')
    socket.on('error', () => {})
    await once(socket, 'connect')
    socket.write(text)
    return socket
  }
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    connect,
    async send(text) {
      const socket = await connect(text)
      let received = ''
      for await (const chunk of socket) received += (chunk as Buffer).toString('latin1')
      return received
    },
    close: () => server.close(),
  }
}

/** A request that ends its connection, with a body when there is one. */
export function rawRequest(
  method: string,
  target: string,
  headers: readonly string[] = [],
  body = '',
): string {
  const length = body === '' ? [] : [`content-length: ${Buffer.byteLength(body)}`]
  const lines = [`${method} ${target} HTTP/1.1`, 'host: gateway', 'connection: close', ...length, ...headers]
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}

/** Polls in turns of the event loop; the test's own time limit is the bound. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2))
}
