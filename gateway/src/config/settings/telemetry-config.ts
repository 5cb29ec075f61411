import type { TelemetryConfig } from '../config.ts'
import type { ConfigSections } from './config-sections.ts'
import { readTracingConfig } from './tracing-config.ts'

const levels: Record<string, TelemetryConfig['logLevel']> = {
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  warning: 'warn',
  error: 'error',
  critical: 'error',
}

/** Logs and metrics. */
export function readTelemetryConfig(sections: ConfigSections): TelemetryConfig {
  const { litellm, settings } = sections
  return {
    logLevel: readLogLevel(sections),
    jsonLogs: litellm.boolean('json_logs'),
    routingDecisionLog: settings.boolean('otel.routing_decision_log_enabled'),
    decisionLogger: settings.text('otel.routing_decision_logger_name') ?? 'routeiq.routing_decision',
    logsQueries: settings.boolean('process.log_queries'),
    requireAuthForMetrics: litellm.boolean('require_auth_for_metrics_endpoint') ?? false,
    detailedTiming: settings.boolean('process.detailed_timing'),
    litellmMetrics: ['callbacks', 'success_callback', 'failure_callback'].some((key) =>
      litellm.textList(key).includes('prometheus'),
    ),
    trackEndUsers: !(litellm.boolean('disable_end_user_cost_tracking') ?? false),
    tracing: readTracingConfig(sections),
  }
}

function readLogLevel({ litellm, router, settings }: ConfigSections): TelemetryConfig['logLevel'] {
  const verbose = (litellm.boolean('set_verbose') ?? false) || (router.boolean('set_verbose') ?? false)
  if (verbose || settings.boolean('debug') || settings.boolean('process.litellm_debug')) return 'debug'
  return levels[settings.text('process.log_level') ?? 'info'] ?? 'info'
}
