import type { ServerConfig } from '../config.ts'
import type { ConfigFlags } from '../config-flags.ts'
import type { ConfigSections } from './config-sections.ts'

const bytesPerMegabyte = 1_048_576
const defaultRequestMegabytes = 32
const defaultResponseMegabytes = 512

/** Listener, limits, CORS and shutdown. */
export function readServerConfig(
  { general, settings, report }: ConfigSections,
  flags: ConfigFlags,
): ServerConfig {
  const port = settings.number('port')
  if (port > 65_535) report.fatal('port', `${port} is not a port`, 'ports go from 0 to 65535')
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
    backpressureExcludedPaths: settings.list('resilience.backpressure_excluded_paths'),
    drainTimeoutMs: Math.round(settings.number('resilience.drain_timeout_seconds') * 1000),
    corsOrigins,
    corsCredentials: settings.boolean('security.cors_credentials') && !corsOrigins.includes('*'),
    bareAliases: settings.boolean('api_surfaces.bare_paths_enabled'),
    serviceName: settings.text('process.service_name') ?? 'routeiq',
    watchFiles: settings.boolean('config_sync.hot_reload'),
    upstreamConnections: Math.max(1, settings.number('http_client.max_connections')),
    upstreamIdleConnections: Math.max(0, settings.number('http_client.max_keepalive')),
    tls: readTls(flags, report),
  }
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
