import type { ServerConfig } from '../config.ts'
import type { ConfigFlags } from '../config-flags.ts'
import type { ConfigSections } from './config-sections.ts'

const bytesPerMegabyte = 1_048_576
const defaultRequestMegabytes = 32
const defaultResponseMegabytes = 512

/** Listener, limits, CORS and shutdown. */
export function readServerConfig(sections: ConfigSections, flags: ConfigFlags): ServerConfig {
  const { general, settings, report } = sections
  const port = readPort('port', sections)
  const corsOrigins = readCorsOrigins(
    settings.list('security.cors_origins'),
    settings.text('process.admin_ui_url'),
  )
  const megabytes = (key: string, standard: number): number =>
    Math.round((general.amount(key) ?? standard) * bytesPerMegabyte)
  return {
    host: settings.text('host') ?? '0.0.0.0',
    port,
    workers: Math.max(1, settings.number('workers')),
    rootPath: normaliseRootPath(settings.text('process.root_path') ?? ''),
    publicUrl: settings.text('process.public_url'),
    maxRequestBytes: megabytes('max_request_size_mb', defaultRequestMegabytes),
    maxResponseBytes: megabytes('max_response_size_mb', defaultResponseMegabytes),
    maxConcurrentRequests: settings.isGiven('resilience.max_concurrent_requests')
      ? settings.number('resilience.max_concurrent_requests')
      : (general.count('global_max_parallel_requests') ?? 0),
    healthPort: settings.boolean('process.separate_health_app')
      ? readPort('process.separate_health_port', sections)
      : null,
    resetsCooldowns: settings.boolean('resilience.reset_circuit_breaker_state_on_start'),
    backpressureExcludedPaths: settings.list('resilience.backpressure_excluded_paths'),
    drainTimeoutMs: Math.round(settings.number('resilience.drain_timeout_seconds') * 1000),
    trustedProxies: readTrustedProxies(sections),
    corsOrigins,
    corsCredentials: settings.boolean('security.cors_credentials') && !corsOrigins.includes('*'),
    bareAliases: settings.boolean('api_surfaces.bare_paths_enabled'),
    serviceName: settings.text('process.service_name') ?? 'routeiq',
    watchFiles: settings.boolean('config_sync.hot_reload'),
    keepsUpstreamConnections: settings.boolean('http_client.pooling_enabled'),
    upstreamConnections: Math.max(1, settings.number('http_client.max_connections')),
    upstreamIdleConnections: Math.max(0, settings.number('http_client.max_keepalive')),
    tls: readTls(flags, report),
  }
}

function readPort(id: string, { settings, report }: ConfigSections): number {
  const port = settings.number(id)
  if (port > 65_535) report.fatal(id, `${port} is not a port`, 'ports go from 0 to 65535')
  return port
}

/** An entry that trusts nobody, or everybody, is a mistake that should not wait for an incident. */
function readTrustedProxies({ general, settings, report }: ConfigSections): readonly string[] {
  const proxies = settings.list('security.trusted_proxies')
  const path = 'ROUTEIQ_TRUSTED_PROXIES'
  for (const entry of proxies) {
    if (!/^(?:[\d.]{7,15}|[\da-f.]*:[\da-f:.]*)(?:\/\d{1,3})?$/i.test(entry))
      report.fatal(path, `${entry} is no address and no CIDR range`, 'for example 10.0.0.0/8,2001:db8::7')
    else if (entry.endsWith('/0'))
      report.warn(path, `${entry} trusts everybody: each client may name the address it likes`)
  }
  if (general.boolean('use_x_forwarded_for') === true && proxies.length === 0)
    report.warn(
      ['general_settings', 'use_x_forwarded_for'],
      'X-Forwarded-For counts only from proxies that are known',
      'name them in ROUTEIQ_TRUSTED_PROXIES, for example 10.0.0.0/8',
    )
  return proxies
}

function readTls(flags: ConfigFlags, report: ConfigSections['report']): ServerConfig['tls'] {
  const { tlsKeyFile: keyFile, tlsCertFile: certFile } = flags
  if (keyFile !== undefined && certFile !== undefined) return { keyFile, certFile }
  if (keyFile !== undefined || certFile !== undefined) {
    report.fatal(
      'tls',
      'TLS needs a key and a certificate',
      'give both --ssl_keyfile_path and --ssl_certfile_path',
    )
  }
  return null
}

function readCorsOrigins(origins: readonly string[], adminUiUrl: string | null): readonly string[] {
  if (adminUiUrl === null || !URL.canParse(adminUiUrl)) return origins
  return [...new Set([...origins, new URL(adminUiUrl).origin])]
}

/** `gateway/` and `/gateway/` → `/gateway`; `/` → the empty prefix. */
function normaliseRootPath(path: string): string {
  const parts = path.split('/').filter((part) => part !== '')
  return parts.length === 0 ? '' : `/${parts.join('/')}`
}
