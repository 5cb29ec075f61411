import type { LookupAddress, LookupAllOptions } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { bareHost, metadataNames } from './host-names.ts'
import { judgeAddress } from './judge-address.ts'

/** What an operator opens to addresses that others write. */
export interface HostPolicy {
  /** Only what `hosts` and `networks` name may be reached, public addresses too; `allowPrivate` opens nothing then. */
  readonly listedOnly?: boolean
  /** Opens private networks, never loopback. */
  readonly allowPrivate: boolean
  /** Exact names or addresses, `*.x` or `.x`. Exact ones open loopback and plain http too. */
  readonly hosts: readonly string[]
  /** CIDR networks; open what is private or loopback inside them. */
  readonly networks: readonly string[]
}

/** `dns.lookup` for all addresses of a name. */
export type Resolve = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

const localNames = new Set(['localhost', 'localhost.localdomain', 'ip6-localhost', 'ip6-loopback'])
const localSuffixes = ['.localhost', '.local', '.internal']
const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

export const refusedCode = 'EACCES'
const openingVariable = 'LLMROUTER_OUTBOUND_HOST_ALLOWLIST or LLMROUTER_OUTBOUND_CIDR_ALLOWLIST'
const listedOnlyRefusal =
  'ROUTEIQ_EGRESS_MODE=allowlist admits only what LLMROUTER_OUTBOUND_HOST_ALLOWLIST, LLMROUTER_OUTBOUND_CIDR_ALLOWLIST and LLMROUTER_OUTBOUND_URL_ALLOWLIST name'

/** Judges hosts by their names and by the addresses these lead to. Nothing opens metadata services, link-local and reserved addresses. */
export class HostJudge {
  readonly #policy: HostPolicy
  readonly #networks = new BlockList()
  readonly #resolve: Resolve

  /** Errors: throws a TypeError for a network that is none. */
  constructor(policy: HostPolicy, resolve: Resolve) {
    this.#policy = policy
    this.#resolve = resolve
    for (const network of policy.networks) {
      const [address = '', bits = ''] = network.split('/')
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
      this.#networks.addSubnet(address, bits === '' ? (family === 'ipv6' ? 128 : 32) : Number(bits), family)
    }
  }

  /** Judges a host by its name, or an address literal by its class. */
  readonly refuseHost = (hostname: string): string | null => {
    const host = bareHost(hostname)
    if (isIP(host) !== 0) return this.#refuseAddress(host, host)
    if (metadataNames.has(host)) return 'it is a metadata service'
    // A name in none of the lists may still lead into a listed network; a dial tells.
    if (this.#policy.listedOnly === true && this.#policy.networks.length === 0 && !this.isListed(host, false))
      return listedOnlyRefusal
    const isLocal = localNames.has(host) || localSuffixes.some((suffix) => host.endsWith(suffix))
    return isLocal && !this.isListed(host, false) ? `names of the own network need ${openingVariable}` : null
  }

  /** `dns.lookup` that fails when one of a name's addresses may not be called. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    this.#resolve(hostname, { ...options, all: true }, (error, found) => {
      const addresses = error === null ? found : []
      const refusal = error ?? this.#refuseAnswer(bareHost(hostname), addresses)
      if (refusal !== null) callback(refusal, [])
      else if (options.all === true) callback(null, [...addresses])
      else callback(null, addresses[0]?.address ?? '', addresses[0]?.family ?? 4)
    })
  }

  #refuseAnswer(host: string, addresses: readonly LookupAddress[]): NodeJS.ErrnoException | null {
    const isRefused =
      addresses.length === 0 || addresses.some(({ address }) => this.#refuseAddress(address, host) !== null)
    return isRefused
      ? Object.assign(new Error('The name leads to an address that may not be called.'), {
          code: refusedCode,
        })
      : null
  }

  #refuseAddress(address: string, host: string): string | null {
    const kind = judgeAddress(address)
    if (kind === 'never') return 'it leads to a link-local, metadata or reserved address'
    if (kind === 'public') return this.#isPublicOpen(address, host) ? null : listedOnlyRefusal
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    const isLoopback = loopback.check(address, family)
    const isOpen =
      (this.#policy.allowPrivate && this.#policy.listedOnly !== true && !isLoopback) ||
      this.#networks.check(address, family) ||
      this.isListed(host, isLoopback)
    return isOpen ? null : `private addresses need ${openingVariable}`
  }

  #isPublicOpen(address: string, host: string): boolean {
    if (this.#policy.listedOnly !== true) return true
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    return this.#networks.check(address, family) || this.isListed(host, false)
  }

  /** Whether a host is on the list; `exactly`: by its own name, and not by that of a domain. */
  isListed(host: string, exactly: boolean): boolean {
    return this.#policy.hosts.some((entry) => {
      const name = entry.toLowerCase().replace(/^\*/, '')
      return name.startsWith('.') ? !exactly && host.endsWith(name) : host === bareHost(name)
    })
  }
}
