import type { EgressProxyConfig } from '../config/config.ts'
import { refuseOperatorHost } from '../transport/egress/operator-egress.ts'
import { fetchBytes } from '../transport/fetch-bytes.ts'
import { createNetworkTransport } from './network-transport.ts'

const timeoutMs = 30_000

/**
 * The text at a URL the operator wrote; metadata services and link-local addresses are never asked, redirects or not.
 * Errors: throws an Error without addresses.
 */
export async function fetchText(
  url: string,
  maxBytes: number,
  proxy: EgressProxyConfig | null,
): Promise<string> {
  const transport = createNetworkTransport(proxy, { maxConnectionsPerOrigin: 1 })
  try {
    const options = {
      transport,
      refuseHost: refuseOperatorHost,
      maxBytes,
      timeoutMs,
      accept: 'application/json',
    }
    return (await fetchBytes(url, options)).bytes.toString('utf8')
  } finally {
    await transport.close()
  }
}
