import { isIP } from 'node:net'
import type { EgressProxyConfig, GatewayConfig } from '../config.ts'
import type { ConfigSections } from './config-sections.ts'

const cidrVariable = 'LLMROUTER_OUTBOUND_CIDR_ALLOWLIST'
const noProxyVariable = 'ROUTEIQ_EGRESS_NO_PROXY'

/** The way out, and what may be reached by addresses that callers write. */
export function readEgressConfig(
  sections: ConfigSections,
): Pick<GatewayConfig, 'egressProxy' | 'userEgress'> {
  const { settings } = sections
  const egressProxy = readProxy(sections)
  return {
    egressProxy,
    userEgress: {
      listedOnly: settings.text('process.egress_mode') === 'allowlist',
      allowPrivate: settings.boolean('ssrf.allow_private'),
      hosts: settings.list('ssrf.host_allowlist'),
      networks: settings
        .list('ssrf.cidr_allowlist')
        .filter((entry) => isNetwork(entry, cidrVariable, sections)),
      urls: settings.list('ssrf.url_allowlist').filter((entry) => isListedUrl(entry, sections)),
      resolver: {
        timeoutMs: settings.number('ssrf.dns_timeout') * 1_000,
        cacheTtlMs: settings.number('ssrf.dns_cache_ttl') * 1_000,
        cacheSize: settings.number('ssrf.dns_cache_size'),
      },
      proxy: egressProxy,
    },
  }
}

function readProxy(sections: ConfigSections): EgressProxyConfig | null {
  const { settings, report } = sections
  const url = settings.text('process.egress_proxy')
  if (url === null) return null
  const parsed = URL.canParse(url) ? new URL(url) : null
  if (parsed?.protocol !== 'http:' || !isReadable(parsed)) {
    // What is wrong with it may hold a password.
    const hint = 'for example http://user:password@proxy.example.org:3128'
    report.fatal('ROUTEIQ_EGRESS_PROXY', 'this is not the address of an HTTP proxy', hint)
    return null
  }
  const direct = settings.list('process.egress_no_proxy')
  return {
    url,
    direct: direct.filter((entry) => !entry.includes('/') || isNetwork(entry, noProxyVariable, sections)),
  }
}

/** Whether the address is an origin with credentials that can be read. */
function isReadable(url: URL): boolean {
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') return false
  try {
    decodeURIComponent(`${url.username}:${url.password}`)
    return true
  } catch {
    return false
  }
}

function isListedUrl(entry: string, { report }: ConfigSections): boolean {
  const url = URL.canParse(entry) ? new URL(entry) : null
  const isOne = url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}${url.pathname}`
  if (!isOne)
    report.fatal(
      'LLMROUTER_OUTBOUND_URL_ALLOWLIST',
      'an entry is no http or https URL of scheme, host and path alone',
      'for example https://tools.example.org/mcp',
    )
  return isOne
}

/** A network that is none must not wait for a call to be found out. */
function isNetwork(entry: string, variable: string, { report }: ConfigSections): boolean {
  const [address = '', bits = '32', ...rest] = entry.split('/')
  const most = isIP(address) === 6 ? 128 : 32
  const isOne = isIP(address) !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= most && rest.length === 0
  if (!isOne) report.fatal(variable, `${entry} is no address and no CIDR range`, 'for example 10.0.0.0/8')
  return isOne
}
