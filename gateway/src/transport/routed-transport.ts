import type { Transport, UpstreamCall, UpstreamRequest, UpstreamSink } from './transport.ts'

/** Sends requests for certain origins to their own transport and everything else to the network. */
export class RoutedTransport implements Transport {
  readonly #network: Transport
  readonly #local: ReadonlyMap<string, Transport>

  constructor(network: Transport, local: ReadonlyMap<string, Transport>) {
    this.#network = network
    this.#local = local
  }

  send(request: UpstreamRequest, sink: UpstreamSink): UpstreamCall {
    return (this.#local.get(request.origin) ?? this.#network).send(request, sink)
  }

  async close(): Promise<void> {
    await Promise.all([
      this.#network.close(),
      ...[...this.#local.values()].map((transport) => transport.close()),
    ])
  }
}
