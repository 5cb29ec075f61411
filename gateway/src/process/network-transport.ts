import { guardedLookup, refuseOperatorHost } from '../transport/egress/operator-egress.ts'
import { HTTP1_TRANSPORT_DEFAULTS, type Http1TransportOptions } from '../transport/http1/http1-options.ts'
import { Http1Transport } from '../transport/http1/http1-transport.ts'

/** The way to the network: no name leads it to a metadata service or a reserved address. */
export function createNetworkTransport(
  options: Pick<Http1TransportOptions, 'maxConnectionsPerOrigin'>,
): Http1Transport {
  return new Http1Transport({
    ...HTTP1_TRANSPORT_DEFAULTS,
    ...options,
    lookup: guardedLookup,
    refuseHost: refuseOperatorHost,
    now: () => performance.now(),
  })
}
