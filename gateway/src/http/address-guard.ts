import { BlockList, isIP } from 'node:net'
import { GatewayError } from '@routeiq/contract'

/** The addresses `allowed_ips` admits, single ones and CIDR ranges; an empty list admits all. */
export class AddressGuard {
  readonly #admitted: BlockList | null

  constructor(allowedIps: readonly string[]) {
    this.#admitted = allowedIps.length === 0 ? null : new BlockList()
    for (const entry of allowedIps) this.#admit(entry.trim())
  }

  /** Errors: 403 `permission_denied`. */
  require(address: string | undefined): void {
    if (this.#admitted === null) return
    const plain = withoutDecoration(address ?? '')
    const family = isIP(plain)
    if (family !== 0 && this.#admitted.check(plain, family === 4 ? 'ipv4' : 'ipv6')) return
    throw new GatewayError('permission_denied', 'Access forbidden: IP address not allowed.')
  }

  #admit(entry: string): void {
    const [written = '', prefix] = entry.split('/')
    const address = withoutDecoration(written)
    const family = isIP(address)
    // An entry nobody can match keeps the list closed; it never opens it.
    if (family === 0 || (prefix !== undefined && !isPrefixLength(prefix, family))) return
    const type = family === 4 ? 'ipv4' : 'ipv6'
    if (prefix === undefined) this.#admitted?.addAddress(address, type)
    else this.#admitted?.addSubnet(address, Number(prefix), type)
  }
}

/** Without the IPv6 spelling of an IPv4 address and without the zone of a link-local one. */
function withoutDecoration(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
}

function isPrefixLength(text: string, family: number): boolean {
  return /^\d{1,3}$/.test(text) && Number(text) <= (family === 4 ? 32 : 128)
}
