import { type LookupAddress, type LookupAllOptions, lookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { EgressProxy, type EgressProxySettings } from './egress-proxy.ts'
import { judgeAddress } from './judge-address.ts'

/** What an operator opens to addresses that others write. */
export interface UserEgressPolicy {
  /** Only what `hosts` and `networks` name may be reached, public addresses too; `allowPrivate` opens nothing then. */
  readonly listedOnly?: boolean
  /** Opens private networks, never loopback. */
  readonly allowPrivate: boolean
  /** Exact names or addresses, `*.x` or `.x`. Exact ones open loopback and plain http too. */
  readonly hosts: readonly string[]
  /** CIDR networks; open what is private or loopback inside them. */
  readonly networks: readonly string[]
  /** The way out; absent or null dials targets themselves. */
  readonly proxy?: EgressProxySettings | null
}

/** `dns.lookup` for all addresses of a name. */
type Resolve = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

const refusedNames = [
  'localhost',
  'localhost.localdomain',
  'ip6-localhost',
  'ip6-loopback',
  'instance-data',
  'metadata',
  'metadata.google.internal',
  'metadata.gke.internal',
  'metadata.azure.com',
  'computemetadata',
]
const metadataNames = new Set(refusedNames.slice(4))
const refusedSuffixes = ['.localhost', '.local', '.internal']
const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/**
 * Judges addresses that users write, such as those of webhooks: at registration by their form alone, at every dial by
 * all the addresses a name has. Nothing opens metadata services, link-local and reserved addresses.
 */
export class UserEgress {
  readonly proxy: EgressProxy | null
  readonly #policy: UserEgressPolicy
  readonly #networks = new BlockList()
  readonly #resolve: Resolve

  /** Errors: throws a TypeError for a network that is none. */
  constructor(policy: UserEgressPolicy, resolve: Resolve = lookup) {
    const { proxy = null } = policy
    this.proxy = proxy === null ? null : new EgressProxy(proxy)
    this.#policy = policy
    this.#resolve = resolve
    for (const network of policy.networks) {
      const [address = '', bits = ''] = network.split('/')
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
      this.#networks.addSubnet(address, bits === '' ? (family === 'ipv6' ? 128 : 32) : Number(bits), family)
    }
  }

  /**
   * Why a URL may not be called, in words for the person who wrote it; null when nothing speaks against it yet.
   * `plainHttp` takes http as well as https.
   */
  refuseUrl(text: string, { plainHttp = false }: { readonly plainHttp?: boolean } = {}): string | null {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
    if (text.length > 2_048 || /[\u0000-\u0020\u007f\\]/.test(text))
      return 'it is too long or holds forbidden characters'
    const url = parseUrl(text)
    if (url === null || !/^https?:$/.test(url.protocol)) return 'it is not an http or https URL'
    if (url.username !== '' || url.password !== '') return 'it holds a user or password'
    if (url.hash !== '') return 'it holds a fragment'
    if (url.protocol === 'http:' && !plainHttp && !this.#isListed(bareHost(url.hostname), true)) {
      return 'plain http is only for hosts of LLMROUTER_OUTBOUND_HOST_ALLOWLIST; use https'
    }
    return this.refuseHost(url.hostname)
  }

  /**
   * As `refuseUrl`, and by all the addresses that the name of its host has now. A name that is not known yet may come to be:
   * every dial judges again, and fails without an address.
   */
  async refuseTarget(text: string): Promise<string | null> {
    const refusal = this.refuseUrl(text)
    const host = refusal === null ? bareHost(new URL(text).hostname) : ''
    if (refusal !== null || isIP(host) !== 0) return refusal
    return new Promise((resolve) => {
      const deadline = setTimeout(() => resolve(null), lookupTimeoutMs)
      this.lookup(host, { all: true }, (error) => {
        clearTimeout(deadline)
        resolve(error?.code === refusedCode ? 'its name leads to a private address' : null)
      })
    })
  }

  /** Judges a host by its name, or an address literal by its class. */
  readonly refuseHost = (hostname: string): string | null => {
    const host = bareHost(hostname)
    if (isIP(host) !== 0) return this.#refuseAddress(host, host)
    if (metadataNames.has(host)) return 'it is a metadata service'
    // A name in none of the lists may still lead into a listed network; a dial tells.
    if (
      this.#policy.listedOnly === true &&
      this.#policy.networks.length === 0 &&
      !this.#isListed(host, false)
    )
      return listedOnlyRefusal
    const isLocal = refusedNames.includes(host) || refusedSuffixes.some((suffix) => host.endsWith(suffix))
    return isLocal && !this.#isListed(host, false) ? `names of the own network need ${openingVariable}` : null
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
      this.#isListed(host, isLoopback)
    return isOpen ? null : `private addresses need ${openingVariable}`
  }

  #isPublicOpen(address: string, host: string): boolean {
    if (this.#policy.listedOnly !== true) return true
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    return this.#networks.check(address, family) || this.#isListed(host, false)
  }

  #isListed(host: string, exactly: boolean): boolean {
    return this.#policy.hosts.some((entry) => {
      const name = entry.toLowerCase().replace(/^\*/, '')
      return name.startsWith('.') ? !exactly && host.endsWith(name) : host === bareHost(name)
    })
  }
}

const listedOnlyRefusal =
  'ROUTEIQ_EGRESS_MODE=allowlist admits only hosts of LLMROUTER_OUTBOUND_HOST_ALLOWLIST and networks of LLMROUTER_OUTBOUND_CIDR_ALLOWLIST'
const refusedCode = 'EACCES'
const lookupTimeoutMs = 5_000
const openingVariable = 'LLMROUTER_OUTBOUND_HOST_ALLOWLIST or LLMROUTER_OUTBOUND_CIDR_ALLOWLIST'

function parseUrl(text: string): URL | null {
  try {
    return new URL(text)
  } catch {
    return null
  }
}

function bareHost(hostname: string): string {
  return hostname
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase()
}
