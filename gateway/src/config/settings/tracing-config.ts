import type { TracingConfig } from '../config.ts'
import type { ConfigSections } from './config-sections.ts'

const variable = 'OTEL_EXPORTER_OTLP_ENDPOINT'

/** Where spans go; what cannot be used is reported and switches them off. */
export function readTracingConfig({ settings, report }: ConfigSections): TracingConfig {
  const endpoint = settings.text('otel.endpoint')
  const url = endpoint === null ? null : readUrl(endpoint)
  if (endpoint !== null && url === null)
    report.warn(variable, 'this is no http or https address, so no spans are sent')
  const ratio = settings.number('otel.sample_rate')
  if (ratio < 0 || ratio > 1) report.warn('OTEL_TRACES_SAMPLER_ARG', 'a share is between 0 and 1')
  return {
    isEnabled: settings.boolean('otel.enabled'),
    url,
    protocol: readProtocol(settings.text('process.otlp_protocol'), report),
    headers: readHeaders(settings.text('process.otlp_headers') ?? ''),
    sampler: settings.text('process.traces_sampler') ?? 'parentbased_traceidratio',
    sampleRatio: Math.min(1, Math.max(0, ratio)),
    includesManagement: settings.boolean('management.otel_enabled'),
    serviceName: settings.text('otel.service_name') ?? 'routeiq',
    serviceVersion: settings.text('process.otel_service_version'),
    environment: settings.text('process.otel_deployment_environment') ?? 'production',
    instance: settings.text('process.pod_name'),
  }
}

function readProtocol(written: string | null, report: ConfigSections['report']): TracingConfig['protocol'] {
  if (written === 'http/protobuf' || written === 'http/json') return written
  const message = `spans are not sent by ${written}; use http/protobuf, at most collectors on port 4318`
  report.warn('OTEL_EXPORTER_OTLP_PROTOCOL', message)
  return null
}

function readUrl(endpoint: string): string | null {
  if (!URL.canParse(endpoint)) return null
  const url = new URL(endpoint)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return null
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/v1/traces`
  return url.href
}

/** `name=value,name=value` with percent-encoded values (OpenTelemetry, Specifying headers via environment variables). */
function readHeaders(text: string): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const pair of text.split(',')) {
    const at = pair.indexOf('=')
    if (at > 0) headers[pair.slice(0, at).trim().toLowerCase()] = decode(pair.slice(at + 1).trim())
  }
  return headers
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
