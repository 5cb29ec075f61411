import type { EgressProxyConfig } from '../config/config.ts'
import { EgressProxy } from '../transport/egress/egress-proxy.ts'
import type { HostJudge } from '../transport/egress/host-judge.ts'
import { guardedLookup, refuseOperatorHost } from '../transport/egress/operator-egress.ts'
import type { UserEgress } from '../transport/egress/user-egress.ts'
import { HTTP1_TRANSPORT_DEFAULTS, type Http1TransportOptions } from '../transport/http1/http1-options.ts'
import { Http1Transport } from '../transport/http1/http1-transport.ts'
import { ListedUrlTransport } from '../transport/listed-url-transport.ts'
import { RoutedTransport } from '../transport/routed-transport.ts'
import type { Transport } from '../transport/transport.ts'

/** Where Google Cloud gives a machine the tokens of its own account. */
const machineTokens = 'http://metadata.google.internal'

/**
 * The way to token endpoints: the network, and, past any proxy, the one metadata service that the gateway itself asks for
 * tokens of its machine. What a token call looks like is written in the code, so that nobody reads anything else there.
 */
export function createTokenTransport(network: Transport): Transport {
  const unguarded = new Http1Transport({
    ...HTTP1_TRANSPORT_DEFAULTS,
    maxConnectionsPerOrigin: 1,
    now: () => performance.now(),
  })
  return new RoutedTransport(network, new Map([[machineTokens, unguarded]]))
}

/** The way to addresses that clients wrote. */
export function createUserTransport(
  egress: Pick<UserEgress, 'judge' | 'judgeOfListed' | 'judgeFor' | 'proxy'>,
  options: Partial<Pick<Http1TransportOptions, 'maxConnectionsPerOrigin' | 'closeTimeoutMs'>> = {},
): Transport {
  const { judge, judgeOfListed, proxy } = egress
  const open = ({ lookup, refuseHost }: HostJudge): Transport =>
    new Http1Transport({
      ...HTTP1_TRANSPORT_DEFAULTS,
      ...options,
      lookup,
      refuseHost,
      proxy,
      needsKnownNames: true,
      now: () => performance.now(),
    })
  if (judgeOfListed === null) return open(judge)
  return new ListedUrlTransport(open(judge), open(judgeOfListed), (url) => egress.judgeFor(url) !== judge)
}

/** The way to the network: no name leads it to a metadata service or a reserved address. */
export function createNetworkTransport(
  proxy: EgressProxyConfig | null,
  options: Pick<Http1TransportOptions, 'maxConnectionsPerOrigin'> &
    Partial<Pick<Http1TransportOptions, 'maxIdlePerOrigin' | 'idleTimeoutMs'>>,
): Http1Transport {
  return new Http1Transport({
    ...HTTP1_TRANSPORT_DEFAULTS,
    ...options,
    lookup: guardedLookup,
    refuseHost: refuseOperatorHost,
    proxy: proxy === null ? null : new EgressProxy(proxy),
    now: () => performance.now(),
  })
}
