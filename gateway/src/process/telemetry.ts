import type { GatewayConfig, ModelConfig } from '../config/config.ts'
import { isSecretParameter } from '../deployments/secret-parameter.ts'
import { createFileSink } from '../telemetry/file-sink.ts'
import { LogWriter } from '../telemetry/log-writer.ts'
import { Logger } from '../telemetry/logger.ts'
import { createMetrics, type Metrics } from '../telemetry/metrics/metrics.ts'
import { createRedactor } from '../telemetry/redact.ts'
import { addRecordSpans } from '../telemetry/spans/record-spans.ts'
import { TelemetryQueue } from '../telemetry/telemetry-queue.ts'
import { openTracing, type Tracing } from './tracing.ts'

export interface Telemetry {
  readonly logger: Logger
  readonly metrics: Metrics
  readonly queue: TelemetryQueue
  /** Null where no spans are sent. */
  readonly tracing: Tracing | null
  /** Delivers and writes everything, for the end of the process. */
  readonly flush: () => void
  /** Secrets loaded later, by a reload. */
  readonly addSecrets: (secrets: Iterable<string>) => void
  /** Takes secrets out of a text that is kept elsewhere than in the log. */
  readonly redactText: (text: string) => string
}

/** Logs to standard output, measures, and feeds both from one queue of request records. */
export function createTelemetry(
  config: GatewayConfig,
  isTerminal: boolean,
  source: NodeJS.Process,
  now: () => number,
): Telemetry {
  const redactor = createRedactor(listSecrets(config))
  const writer = new LogWriter({ sink: createFileSink(1), redactor })
  const { telemetry } = config
  const logger = new Logger({
    level: telemetry.logLevel,
    format: (telemetry.jsonLogs ?? !isTerminal) ? 'json' : 'text',
    routingDecisions: telemetry.routingDecisionLog,
    decisionLogger: telemetry.decisionLogger,
    writer,
    now,
  })
  const tracing = openTracing(config.telemetry.tracing, config.egressProxy, redactor.redactText, logger)
  const queue: TelemetryQueue = new TelemetryQueue({
    sinks: [
      (records) => {
        for (const record of records) logger.logRequest(record)
      },
      (records) => {
        for (const record of records) metrics.observe(record)
      },
      (records) => {
        for (const record of records) addRecordSpans(record)
      },
    ],
    onSinkError: (error) => logger.logError({ error }),
  })
  const metrics = createMetrics({
    redactText: redactor.redactText,
    litellm: telemetry.litellmMetrics ? { trackEndUsers: telemetry.trackEndUsers } : null,
    source,
    now,
    countLosses: () => ({
      records: queue.droppedRecords,
      logLines: writer.droppedLines,
      spans: tracing?.droppedSpans() ?? 0,
    }),
  })
  const flush = (): void => {
    queue.flush()
    writer.flushNow()
  }
  const { addSecrets, redactText } = redactor
  return { logger, metrics, queue, tracing, flush, addSecrets, redactText }
}

/** Every credential of the configuration, so that none can appear in a log line. */
export function listSecrets(config: GatewayConfig): string[] {
  const { identity, storage, models, egressProxy } = config
  const { accounts, endpoints } = config.passThrough
  const { remote } = config.configSync
  const providerKeys = [
    ...models.flatMap((model) => [model.apiKey, ...accountSecrets(model)]),
    ...Object.values(accounts).map(({ apiKey }) => apiKey),
  ]
  const toolServers = config.mcp.servers.flatMap(({ authValue, staticHeaders, env }) => [
    authValue,
    ...Object.values(staticHeaders),
    ...Object.values(env),
  ])
  const endpointHeaders = endpoints.flatMap(({ headers }) => Object.values(headers))
  return [
    identity.masterKey,
    identity.saltKey,
    ...identity.encryptionKeys,
    identity.keyPepper,
    ...identity.adminKeys,
    storage.databaseUrl,
    storage.directDatabaseUrl,
    storage.redisUrl,
    remote?.kind === 'http' ? new URL(remote.url).password || null : null,
    egressProxy === null ? null : passwordOf(egressProxy.url),
    config.cache.redisUrl,
    ...providerKeys,
    ...endpointHeaders,
    ...toolServers,
    ...Object.entries(config.plugins.settings).flatMap(([name, value]) =>
      isSecretParameter(name) ? value : [],
    ),
    ...Object.values(config.telemetry.tracing.headers),
  ].filter((secret) => secret !== null)
}

function passwordOf(url: string): string | null {
  return decodeURIComponent(new URL(url).password) || null
}

/** Members of an account that are secret. */
function accountSecrets({ account }: ModelConfig): string[] {
  return Object.entries(account).flatMap(([name, value]) => (isSecretParameter(name) ? value : []))
}
