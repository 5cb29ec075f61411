import { AddressRanges, isAddress } from './address-ranges.ts'
import type { ServerRequest } from './server/server-request.ts'

/** Proxies whose word is taken for where a request came from. */
export class TrustedProxies {
  readonly #ranges = new AddressRanges()

  /** Single addresses and CIDR ranges; one that is neither trusts nobody. */
  constructor(proxies: readonly string[]) {
    for (const entry of proxies) this.#ranges.add(entry)
  }

  /** A request that a trusted proxy passed on comes from the client it names. */
  apply(request: ServerRequest): void {
    const forwarded = request.headers['x-forwarded-for']
    if (forwarded === undefined || !this.#ranges.has(request.remoteAddress)) return
    const client = this.#findClient(forwarded)
    if (client !== null) request.cameFrom(client)
  }

  /**
   * Each proxy adds whom it heard, so the last address that is no trusted proxy's is the client: what stands before it the
   * client may have written itself. What cannot be read ends the search at the proxy that passed it on.
   */
  #findClient(forwarded: string): string | null {
    let client: string | null = null
    for (const entry of forwarded.split(',').reverse()) {
      const address = withoutPort(entry.trim())
      if (!isAddress(address)) return client
      client = address
      if (!this.#ranges.has(address)) return client
    }
    return client
  }
}

/** `192.0.2.1:80` and `[2001:db8::1]:80` name an address, too. */
function withoutPort(entry: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(entry)
  if (bracketed !== null) return bracketed[1] ?? ''
  return entry.replace(/^(\d+\.\d+\.\d+\.\d+):\d{1,5}$/, '$1')
}
