import { BlockList, isIP } from 'node:net'
import { bareHost } from './host-names.ts'

/** What the operator wrote of the proxy. */
export interface EgressProxySettings {
  /** `http://host:port`, with `user:password@` where it wants to know who calls. */
  readonly url: string
  /** What is called without it: exact names or addresses, `*.x` or `.x`, CIDR networks. Loopback always is. */
  readonly direct: readonly string[]
}

/** The proxy through which connections leave: a tunnel (`CONNECT`) for each, whatever runs inside. */
export class EgressProxy {
  readonly hostname: string
  readonly port: number
  /** The value of `proxy-authorization`; null for a proxy that asks for none. */
  readonly authorization: string | null
  readonly #names: readonly string[]
  readonly #networks = new BlockList()

  constructor({ url, direct }: EgressProxySettings) {
    const { hostname, port, username, password } = new URL(url)
    this.hostname = bareHost(hostname)
    this.port = port === '' ? 80 : Number(port)
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
    this.authorization =
      username === '' ? null : `Basic ${Buffer.from(credentials, 'utf8').toString('base64')}`
    this.#names = direct.filter((entry) => !isNetwork(entry)).map((entry) => entry.toLowerCase())
    for (const network of ['127.0.0.0/8', '::1/128', ...direct.filter(isNetwork)]) {
      const [address = '', bits = ''] = network.split('/')
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
      this.#networks.addSubnet(address, bits === '' ? (family === 'ipv6' ? 128 : 32) : Number(bits), family)
    }
  }

  /** Whether a host is called without the proxy. Names are compared as they are written, never by their addresses. */
  isDirect(hostname: string): boolean {
    const host = bareHost(hostname)
    const family = isIP(host)
    if (family !== 0) return this.#networks.check(host, family === 6 ? 'ipv6' : 'ipv4')
    if (host === 'localhost' || host.endsWith('.localhost')) return true
    return this.#names.some((name) => {
      const suffix = name.replace(/^\*/, '')
      return suffix.startsWith('.') ? host.endsWith(suffix) : host === name
    })
  }
}

const isNetwork = (entry: string): boolean => isIP(entry.split('/')[0] ?? '') !== 0
