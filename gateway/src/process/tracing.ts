import type { EgressProxyConfig, TracingConfig } from '../config/config.ts'
import type { Logger } from '../telemetry/logger.ts'
import { beginTrace, type RequestTrace } from '../telemetry/spans/request-trace.ts'
import { isTraceKept, type SamplerName } from '../telemetry/spans/sampler.ts'
import { SpanExporter } from '../telemetry/spans/span-exporter.ts'
import { postBytes } from '../transport/post-bytes.ts'
import { version } from '../version.ts'
import { createNetworkTransport } from './network-transport.ts'

export interface Tracing {
  /** Begins the trace of a request by its `traceparent`; null when it is not kept. */
  readonly begin: (traceparent: string | null) => RequestTrace | null
  readonly droppedSpans: () => number
  /** Sends what is left. */
  readonly close: () => Promise<void>
}

/** Spans of this process to the collector of the configuration. */
export function openTracing(
  config: TracingConfig,
  proxy: EgressProxyConfig | null,
  redactText: (text: string) => string,
  logger: Logger,
): Tracing | null {
  const { isEnabled, url, protocol } = config
  if (!isEnabled || url === null || protocol === null) return null
  const transport = createNetworkTransport(proxy, { maxConnectionsPerOrigin: 1 })
  const headers = Object.entries(config.headers).flat()
  const exporter = new SpanExporter({
    protocol,
    resource: {
      'service.name': config.serviceName,
      'service.version': config.serviceVersion ?? version,
      'service.instance.id': config.instance ?? String(process.pid),
      'deployment.environment.name': config.environment,
    },
    post: (type, body) => postBytes(transport, url, ['content-type', type, ...headers], body),
    onFailure: (reason) => logger.log('warn', 'spans_not_sent', { reason }),
    redactText,
  })
  const sampler = { name: config.sampler as SamplerName, ratio: config.sampleRatio }
  const options = { record: exporter.record, now: () => performance.timeOrigin + performance.now() }
  return {
    begin: (traceparent) =>
      beginTrace(traceparent, (traceId, parent) => isTraceKept(sampler, traceId, parent), options),
    droppedSpans: () => exporter.droppedSpans,
    close: async () => {
      await exporter.close()
      await transport.close()
    },
  }
}
