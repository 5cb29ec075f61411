import { GatewayError } from '@routeiq/contract'
import { AddressRanges } from './address-ranges.ts'

/** The addresses `allowed_ips` admits, single ones and CIDR ranges; an empty list admits all. */
export class AddressGuard {
  readonly #admitted: AddressRanges | null

  constructor(allowedIps: readonly string[]) {
    this.#admitted = allowedIps.length === 0 ? null : new AddressRanges()
    // An entry nobody can match keeps the list closed; it never opens it.
    for (const entry of allowedIps) this.#admitted?.add(entry)
  }

  /** Errors: 403 `permission_denied`. */
  require(address: string | undefined): void {
    if (this.#admitted === null || this.#admitted.has(address)) return
    throw new GatewayError('permission_denied', 'Access forbidden: IP address not allowed.')
  }
}
