import { HTTP1_TRANSPORT_DEFAULTS } from '../../gateway/dist/transport/http1/http1-options.js'
import { Http1Transport } from '../../gateway/dist/transport/http1/http1-transport.js'

/** The gateway's own way to a provider, as the product makes it. This file alone chooses it for P11. */
export function createTransport() {
  return new Http1Transport({
    ...HTTP1_TRANSPORT_DEFAULTS,
    maxConnectionsPerOrigin: 4096,
    now: () => performance.now(),
  })
}
