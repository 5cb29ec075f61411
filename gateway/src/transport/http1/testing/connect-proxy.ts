import http from 'node:http'
import net, { type AddressInfo, type Socket } from 'node:net'

/** An HTTP proxy that opens tunnels and nothing else. Every name leads it to 127.0.0.1. */
export interface ConnectProxy {
  readonly port: number
  /** `host:port` of every tunnel that was asked for, with the credentials that came along; in order. */
  readonly asked: { readonly target: string; readonly authorization: string | null }[]
  close(): Promise<void>
}

/** With `credentials` (`user:password`) it opens no tunnel without them. */
export async function startConnectProxy(credentials: string | null = null): Promise<ConnectProxy> {
  const wanted = credentials === null ? null : `Basic ${Buffer.from(credentials).toString('base64')}`
  const asked: ConnectProxy['asked'] = []
  const sockets = new Set<Socket>()
  const server = http.createServer((_, response) => response.writeHead(405).end())
  server.on('connection', (socket) => keep(sockets, socket))
  server.on('connect', (request, client: Socket, head: Buffer) => {
    const target = request.url ?? ''
    const authorization = request.headers['proxy-authorization'] ?? null
    asked.push({ target, authorization })
    client.on('error', () => {})
    if (wanted !== null && authorization !== wanted) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n')
      return
    }
    const upstream = net.connect(Number(target.split(':').at(-1)), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\nvia: 1.1 test\r\n\r\n')
      upstream.write(head)
      upstream.pipe(client).pipe(upstream)
    })
    keep(sockets, upstream)
    upstream.on('error', () => client.destroy())
    client.on('close', () => upstream.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

function keep(sockets: Set<Socket>, socket: Socket): void {
  sockets.add(socket)
  socket.on('close', () => sockets.delete(socket))
}
