import { available, planned, plannedRequest, plannedSwitch, type Setting } from './setting.ts'

/** Load, shutdown, connections, reload and telemetry. */
export const operationsSettings: readonly Setting[] = [
  available('resilience.max_concurrent_requests', 'integer', 0, 'Requests in flight before 503; 0 is off', [
    'ROUTEIQ_MAX_CONCURRENT_REQUESTS',
  ]),
  available('resilience.drain_timeout_seconds', 'number', 30, 'Longest drain at shutdown', [
    'ROUTEIQ_DRAIN_TIMEOUT_SECONDS',
  ]),
  available(
    'resilience.backpressure_excluded_paths',
    'list',
    [],
    'More paths the request limit leaves alone',
    ['ROUTEIQ_BACKPRESSURE_EXCLUDED_PATHS'],
    { example: '/status' },
  ),
  plannedSwitch('resilience.provider_circuit_breaker_enabled', 'Circuit breakers per provider', [
    'ROUTEIQ_PROVIDER_CB_ENABLED',
  ]),
  planned('resilience.reset_circuit_breaker_state_on_start', 'boolean', false, 'Clears shared breaker state'),
  planned('process.breaker_failure_threshold', 'integer', 5, 'Failures that open a breaker', [
    'ROUTEIQ_CB_FAILURE_THRESHOLD',
  ]),
  planned('process.breaker_success_threshold', 'integer', 2, 'Successes that close it', [
    'ROUTEIQ_CB_SUCCESS_THRESHOLD',
  ]),
  planned('process.breaker_timeout', 'integer', 30, 'Seconds a breaker stays open', [
    'ROUTEIQ_CB_TIMEOUT_SECONDS',
  ]),
  planned('process.breaker_window', 'integer', 60, 'Seconds in which failures count', [
    'ROUTEIQ_CB_WINDOW_SECONDS',
  ]),
  available('http_client.max_connections', 'integer', 4096, 'Connections per upstream address', [
    'HTTP_CLIENT_MAX_CONNECTIONS',
  ]),
  planned('http_client.pooling_enabled', 'boolean', true, 'Connections are always pooled', [
    'ROUTEIQ_HTTP_CLIENT_POOLING_ENABLED',
  ]),
  // Fewer would mean a new connection for nearly every request of the next burst of streams.
  available('http_client.max_keepalive', 'integer', 1024, 'Idle connections kept per upstream address', [
    'HTTP_CLIENT_MAX_KEEPALIVE',
  ]),
  planned('http_client.default_timeout', 'number', 60, 'Seconds; model calls use the request timeout', [
    'HTTP_CLIENT_DEFAULT_TIMEOUT',
  ]),
  available('config_sync.hot_reload', 'boolean', false, 'Reloads when a configuration file changes', [
    'CONFIG_HOT_RELOAD',
  ]),
  planned('config_sync.enabled', 'boolean', true, 'Polls a remote configuration', ['CONFIG_SYNC_ENABLED']),
  planned('config_sync.interval', 'integer', 60, 'Seconds between polls', ['CONFIG_SYNC_INTERVAL']),
  plannedRequest('config_sync.s3_bucket', 'text', 'Remote configuration in S3', ['CONFIG_S3_BUCKET']),
  planned('config_sync.s3_key', 'text', null, 'Object in that bucket', ['CONFIG_S3_KEY']),
  plannedRequest('config_sync.gcs_bucket', 'text', 'Remote configuration in Cloud Storage', [
    'CONFIG_GCS_BUCKET',
  ]),
  planned('config_sync.gcs_key', 'text', null, 'Object in that bucket', ['CONFIG_GCS_KEY']),
  plannedRequest('config_sync.http_url', 'text', 'Remote configuration over HTTP', ['CONFIG_HTTP_URL']),
  planned('ha.mode', 'choice', 'single', 'Leader election between replicas', ['LLMROUTER_HA_MODE'], {
    choices: ['single', 'leader_election'],
    offWords: ['single'],
  }),
  planned('ha.leader_election_backend', 'text', 'auto', 'Where the lease lives', [
    'ROUTEIQ_LEADER_ELECTION_BACKEND',
  ]),
  plannedSwitch('ha.config_sync_leader_election_enabled', 'Leader election for configuration sync', [
    'LLMROUTER_CONFIG_SYNC_LEADER_ELECTION_ENABLED',
  ]),
  planned('ha.lease_seconds', 'integer', 30, 'Lease length', ['LLMROUTER_CONFIG_SYNC_LEASE_SECONDS']),
  planned('ha.renew_interval_seconds', 'integer', 10, 'Lease renewal', [
    'LLMROUTER_CONFIG_SYNC_RENEW_INTERVAL_SECONDS',
  ]),
  planned('ha.lock_name', 'text', 'config_sync', 'Lease name', ['LLMROUTER_CONFIG_SYNC_LOCK_NAME']),
  plannedSwitch('ha.leader_drain_handoff', 'Gives the lease back before a drain', [
    'ROUTEIQ_LEADER_DRAIN_HANDOFF',
  ]),
  plannedSwitch('ha.leader_migrations', 'Only the leader migrates', ['ROUTEIQ_LEADER_MIGRATIONS']),
  planned('ha.leader_migrations_fail_open', 'boolean', false, 'Migrates without a lease', [
    'ROUTEIQ_LEADER_MIGRATIONS_FAIL_OPEN',
  ]),
  planned('ha.migration_version', 'text', null, 'Migration to stop at', ['ROUTEIQ_MIGRATION_VERSION']),
  available('process.pod_name', 'text', null, 'Identity of the replica', ['POD_NAME', 'HOSTNAME']),
  planned('process.pod_namespace', 'text', 'default', 'Namespace of the replica', ['POD_NAMESPACE']),
  planned('process.kubernetes_host', 'text', null, 'Set by Kubernetes', ['KUBERNETES_SERVICE_HOST']),
  available('otel.routing_decision_log_enabled', 'boolean', true, 'Logs each routing decision'),
  planned('otel.routing_decision_logger_name', 'text', 'routeiq.routing_decision', 'Logger of decisions'),
  planned('otel.error_log_enabled', 'boolean', true, 'Exports error logs'),
  planned('otel.metrics_namespace', 'text', 'RouteIQ', 'Prefix of exported metrics'),
  available('otel.enabled', 'boolean', true, 'Sends spans, where there is an endpoint', ['OTEL_ENABLED']),
  available(
    'otel.endpoint',
    'text',
    null,
    'Collector that spans are sent to over OTLP: `/v1/traces` is added',
    ['OTEL_EXPORTER_OTLP_ENDPOINT'],
    { example: 'http://collector:4318' },
  ),
  available(
    'process.otlp_headers',
    'text',
    null,
    'Headers for the collector: `name=value,name=value`',
    ['OTEL_EXPORTER_OTLP_HEADERS'],
    { example: 'x-token=one' },
  ),
  available(
    'process.otlp_protocol',
    'choice',
    'http/protobuf',
    'How spans are sent',
    ['OTEL_EXPORTER_OTLP_PROTOCOL'],
    { choices: ['http/protobuf', 'http/json', 'grpc'] },
  ),
  available('otel.service_name', 'text', 'routeiq', 'Service name in telemetry', ['OTEL_SERVICE_NAME']),
  available('process.otel_service_version', 'text', null, 'Service version in telemetry', [
    'OTEL_SERVICE_VERSION',
  ]),
  available('process.otel_deployment_environment', 'text', 'production', 'Environment in telemetry', [
    'OTEL_DEPLOYMENT_ENVIRONMENT',
  ]),
  available(
    'process.traces_sampler',
    'choice',
    'parentbased_traceidratio',
    'Which traces are kept',
    ['OTEL_TRACES_SAMPLER', 'ROUTEIQ_OTEL_TRACES_SAMPLER'],
    {
      choices: [
        ...['always_on', 'always_off', 'traceidratio'],
        ...['parentbased_always_on', 'parentbased_always_off', 'parentbased_traceidratio'],
      ],
    },
  ),
  available('otel.sample_rate', 'number', 0.1, 'Share of traces kept that begin here, 0 to 1', [
    'OTEL_TRACES_SAMPLER_ARG',
    'ROUTEIQ_OTEL_TRACES_SAMPLER_ARG',
    'LLMROUTER_OTEL_SAMPLE_RATE',
  ]),
  planned('process.log_queries', 'boolean', false, 'Query text in logs', ['LOG_QUERIES']),
  plannedSwitch('log_archival.enabled', 'Log archive', ['ROUTEIQ_LOG_ARCHIVAL_ENABLED']),
  planned('log_archival.bucket', 'text', null, 'Bucket of the archive', ['ROUTEIQ_LOG_ARCHIVAL_BUCKET']),
  planned('log_archival.prefix', 'text', null, 'Prefix in that bucket', ['ROUTEIQ_LOG_ARCHIVAL_PREFIX']),
  planned('log_archival.tier', 'text', null, 'Storage tier', ['ROUTEIQ_LOG_ARCHIVAL_TIER']),
]
