import { lookup } from 'node:dns'
import { isIP } from 'node:net'
import { createCachedResolve, type ResolverSettings } from './cached-resolve.ts'
import { EgressProxy, type EgressProxySettings } from './egress-proxy.ts'
import { HostJudge, type HostPolicy, type Resolve, refusedCode } from './host-judge.ts'
import { bareHost } from './host-names.ts'

export interface UserEgressPolicy extends HostPolicy {
  /** Absent opens none. */
  readonly urls?: readonly string[]
  /** The way out; absent or null dials targets themselves. */
  readonly proxy?: EgressProxySettings | null
  /** Absent asks anew each time and waits as long as the system does. */
  readonly resolver?: ResolverSettings
}

/**
 * Judges addresses that users write, such as those of webhooks: at registration by their form alone, at every dial by
 * all the addresses a name has. Nothing opens metadata services, link-local and reserved addresses.
 */
export class UserEgress {
  readonly proxy: EgressProxy | null
  /** Judges what no listed URL opens. */
  readonly judge: HostJudge
  /** Judges listed URLs, whose hosts are open to them as if they were listed; null without any. */
  readonly judgeOfListed: HostJudge | null
  readonly #urls: readonly URL[]
  readonly #lookupTimeoutMs: number

  /** Errors: throws a TypeError for a network that is none, and for a URL that is none. */
  constructor({ urls = [], proxy = null, resolver, ...policy }: UserEgressPolicy, resolve: Resolve = lookup) {
    const cached = resolver === undefined ? resolve : createCachedResolve(resolve, resolver, Date.now)
    this.proxy = proxy === null ? null : new EgressProxy(proxy)
    this.#urls = urls.map((url) => new URL(url))
    this.#lookupTimeoutMs = resolver?.timeoutMs ?? defaultTimeoutMs
    this.judge = new HostJudge(policy, cached)
    const hosts = [...policy.hosts, ...this.#urls.map(({ hostname }) => hostname)]
    this.judgeOfListed = urls.length === 0 ? null : new HostJudge({ ...policy, hosts }, cached)
  }

  /** Who judges a URL. */
  judgeFor(url: URL): HostJudge {
    return this.judgeOfListed !== null && this.#urls.some((listed) => isAtOrBelow(url, listed))
      ? this.judgeOfListed
      : this.judge
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
    const judge = this.judgeFor(url)
    if (url.protocol === 'http:' && !plainHttp && !judge.isListed(bareHost(url.hostname), true)) {
      return 'plain http is only for hosts of LLMROUTER_OUTBOUND_HOST_ALLOWLIST; use https'
    }
    return judge.refuseHost(url.hostname)
  }

  /**
   * As `refuseUrl`, and by all the addresses that the name of its host has now. A name that is not known yet may come to be:
   * every dial judges again, and fails without an address.
   */
  async refuseTarget(text: string): Promise<string | null> {
    const refusal = this.refuseUrl(text)
    if (refusal !== null) return refusal
    const url = new URL(text)
    const host = bareHost(url.hostname)
    if (isIP(host) !== 0) return null
    return new Promise((resolve) => {
      const deadline = setTimeout(() => resolve(null), this.#lookupTimeoutMs)
      this.judgeFor(url).lookup(host, { all: true }, (error) => {
        clearTimeout(deadline)
        resolve(error?.code === refusedCode ? 'its name leads to a private address' : null)
      })
    })
  }

  /** Why no URL of a host may be called; null where the whole URL decides, which the transport asks for. */
  readonly refuseHost = (hostname: string): string | null => {
    const isOpenToSome = this.#urls.some((listed) => bareHost(listed.hostname) === bareHost(hostname))
    return (isOpenToSome ? (this.judgeOfListed ?? this.judge) : this.judge).refuseHost(hostname)
  }
}

const defaultTimeoutMs = 5_000

/** The same origin, and the path equal or below it at a `/`. */
function isAtOrBelow(url: URL, listed: URL): boolean {
  if (url.origin !== listed.origin) return false
  const base = listed.pathname.replace(/\/$/, '')
  return url.pathname === base || url.pathname.startsWith(`${base}/`)
}

function parseUrl(text: string): URL | null {
  try {
    return new URL(text)
  } catch {
    return null
  }
}
