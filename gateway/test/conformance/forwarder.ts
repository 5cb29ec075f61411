import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * Passes everything on to the gateway as it came, Host and Origin included, and adds a key: the suite sends none, and the
 * gateway serves nobody without one.
 */
export async function startForwarder(
  gatewayUrl: string,
  key: string,
): Promise<{ readonly origin: string; close(): void }> {
  const { hostname, port } = new URL(gatewayUrl)
  const server = http.createServer((incoming, outgoing) => {
    const headers = { ...incoming.headers, authorization: `Bearer ${key}` }
    const request = http.request({
      hostname,
      port,
      path: incoming.url,
      method: incoming.method,
      headers,
      agent: false,
    })
    request.on('response', (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers)
      outgoing.flushHeaders()
      response.pipe(outgoing)
    })
    request.on('error', () => outgoing.destroy())
    outgoing.on('close', () => request.destroy())
    incoming.pipe(request)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port: own } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${own}`,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
