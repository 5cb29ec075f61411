import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** Stands between a client and a real server, and can take the server away. */
export interface TcpRelay {
  /** The target URL with the relay's address in it. */
  readonly url: string
  /** Breaks every connection and refuses new ones. */
  cut(): void
  /** Keeps connections and holds everything back. */
  stall(): void
  /** Lets everything through again, what was held back included. */
  restore(): void
  close(): Promise<void>
}

export async function openTcpRelay(target: string): Promise<TcpRelay> {
  const { hostname, port } = new URL(target)
  const relays = new Map<Socket, Socket>()
  let mode: 'open' | 'cut' | 'stalled' = 'open'
  const drop = (): void => {
    for (const socket of relays.keys()) socket.destroy()
    relays.clear()
  }
  const forward = (from: Socket, to: Socket): void => {
    from.pipe(to)
    if (mode === 'stalled') from.unpipe(to)
    relays.set(from, to)
    from.on('error', () => to.destroy())
    from.on('close', () => {
      relays.delete(from)
      to.destroy()
    })
  }
  const server = createServer((client) => {
    if (mode === 'cut') return client.destroy()
    const upstream = connect(Number(port), hostname)
    forward(client, upstream)
    forward(upstream, client)
    return undefined
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const url = new URL(target)
  url.port = String((server.address() as AddressInfo).port)
  return {
    url: url.href,
    cut() {
      mode = 'cut'
      drop()
    },
    stall() {
      mode = 'stalled'
      for (const [from, to] of relays) from.unpipe(to)
    },
    restore() {
      mode = 'open'
      for (const [from, to] of relays) from.pipe(to)
    },
    async close() {
      drop()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
