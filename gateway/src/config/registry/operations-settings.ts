import { accepted, available, type Setting } from './setting.ts'

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
  available(
    'resilience.provider_circuit_breaker_enabled',
    'boolean',
    false,
    'Leaves all deployments of a provider alone after failures of any of them',
    ['ROUTEIQ_PROVIDER_CB_ENABLED'],
  ),
  available(
    'resilience.reset_circuit_breaker_state_on_start',
    'boolean',
    false,
    'A gateway that starts ends the cooldowns and closes the breakers that the other replicas hold',
  ),
  available(
    'process.breaker_failure_threshold',
    'integer',
    5,
    'Failures that open the breaker of a provider',
    ['ROUTEIQ_CB_FAILURE_THRESHOLD'],
  ),
  available('process.breaker_success_threshold', 'integer', 2, 'Good trials that close it', [
    'ROUTEIQ_CB_SUCCESS_THRESHOLD',
  ]),
  available('process.breaker_timeout', 'number', 30, 'Seconds it stays open before a trial', [
    'ROUTEIQ_CB_TIMEOUT_SECONDS',
  ]),
  available('process.breaker_window', 'number', 60, 'Seconds in which failures count', [
    'ROUTEIQ_CB_WINDOW_SECONDS',
  ]),
  available('http_client.max_connections', 'integer', 4096, 'Connections per upstream address', [
    'HTTP_CLIENT_MAX_CONNECTIONS',
  ]),
  available(
    'http_client.pooling_enabled',
    'boolean',
    true,
    '`false` closes the connection to a provider when nothing waits for it',
    ['ROUTEIQ_HTTP_CLIENT_POOLING_ENABLED'],
  ),
  // Fewer would mean a new connection for nearly every request of the next burst of streams.
  available('http_client.max_keepalive', 'integer', 1024, 'Idle connections kept per upstream address', [
    'HTTP_CLIENT_MAX_KEEPALIVE',
  ]),
  accepted(
    'http_client.default_timeout',
    'number',
    60,
    'Model calls have the request timeout, and all other calls limits of their own',
    ['HTTP_CLIENT_DEFAULT_TIMEOUT'],
  ),
  available('config_sync.hot_reload', 'boolean', false, 'Reloads when a configuration file changes', [
    'CONFIG_HOT_RELOAD',
  ]),
  available('config_sync.enabled', 'boolean', true, 'Looks for a new remote configuration at each interval', [
    'CONFIG_SYNC_ENABLED',
  ]),
  available('config_sync.interval', 'integer', 60, 'Seconds between looks', ['CONFIG_SYNC_INTERVAL']),
  available('config_sync.s3_bucket', 'text', null, 'Bucket of S3 that holds the configuration', [
    'CONFIG_S3_BUCKET',
  ]),
  available('config_sync.s3_key', 'text', null, 'Object in that bucket', ['CONFIG_S3_KEY']),
  available(
    'config_sync.s3_region',
    'text',
    null,
    'Region of that bucket; else `AWS_REGION`, else us-east-1',
    ['CONFIG_S3_REGION'],
  ),
  available(
    'config_sync.s3_endpoint',
    'text',
    null,
    'Address of a server that speaks S3',
    ['CONFIG_S3_ENDPOINT', 'AWS_ENDPOINT_URL_S3'],
    { example: 'http://minio:9000' },
  ),
  available('config_sync.gcs_bucket', 'text', null, 'Bucket of Cloud Storage that holds the configuration', [
    'CONFIG_GCS_BUCKET',
  ]),
  available('config_sync.gcs_key', 'text', null, 'Object in that bucket', ['CONFIG_GCS_KEY']),
  available(
    'config_sync.gcs_endpoint',
    'text',
    null,
    'Address of an emulator of Cloud Storage, asked without credentials',
    ['CONFIG_GCS_ENDPOINT', 'STORAGE_EMULATOR_HOST'],
    { example: 'http://storage:4443' },
  ),
  available(
    'config_sync.http_url',
    'text',
    null,
    'URL of the configuration; `user:password@` is sent as Basic',
    ['CONFIG_HTTP_URL'],
    { example: 'https://config.test/config.yaml' },
  ),
  available(
    'ha.mode',
    'choice',
    'single',
    'Replicas elect who fetches the remote configuration',
    ['LLMROUTER_HA_MODE'],
    { choices: ['single', 'leader_election'] },
  ),
  available(
    'ha.leader_election_backend',
    'choice',
    'auto',
    'Where the lease lives; `auto` takes Kubernetes where the pod has a service account, else Redis, else PostgreSQL',
    ['ROUTEIQ_LEADER_ELECTION_BACKEND'],
    { choices: ['auto', 'kubernetes', 'redis', 'postgres', 'none'], example: 'none' },
  ),
  available(
    'ha.config_sync_leader_election_enabled',
    'boolean',
    null,
    'The same as `leader_election` where true, as `single` where false',
    ['LLMROUTER_CONFIG_SYNC_LEADER_ELECTION_ENABLED'],
  ),
  available('ha.lease_seconds', 'integer', 30, 'How long a leader leads without a sign of life', [
    'LLMROUTER_CONFIG_SYNC_LEASE_SECONDS',
  ]),
  available('ha.renew_interval_seconds', 'integer', 10, 'Seconds between its signs of life', [
    'LLMROUTER_CONFIG_SYNC_RENEW_INTERVAL_SECONDS',
  ]),
  available('ha.lock_name', 'text', 'config_sync', 'Name of the lease', ['LLMROUTER_CONFIG_SYNC_LOCK_NAME']),
  available(
    'ha.leader_drain_handoff',
    'boolean',
    false,
    'Gives the lease back before a drain, not after it',
    ['ROUTEIQ_LEADER_DRAIN_HANDOFF'],
  ),
  accepted('ha.leader_migrations', 'boolean', false, 'Replicas always take turns, and the first migrates', [
    'ROUTEIQ_LEADER_MIGRATIONS',
  ]),
  available(
    'ha.leader_migrations_fail_open',
    'boolean',
    false,
    'Starts on the tables there are when a migration fails',
    ['ROUTEIQ_LEADER_MIGRATIONS_FAIL_OPEN'],
  ),
  available(
    'ha.migration_version',
    'text',
    null,
    'Number of the last migration to apply; later ones wait for a start without it',
    ['ROUTEIQ_MIGRATION_VERSION'],
  ),
  available('process.pod_name', 'text', null, 'Identity of the replica', ['POD_NAME', 'HOSTNAME']),
  available('process.pod_namespace', 'text', null, 'Namespace of the lease; unset, the one of the pod', [
    'POD_NAMESPACE',
  ]),
  available('process.kubernetes_host', 'text', null, 'The API server; set by Kubernetes', [
    'KUBERNETES_SERVICE_HOST',
  ]),
  available('process.kubernetes_port', 'integer', 443, 'Its port; set by Kubernetes', [
    'KUBERNETES_SERVICE_PORT',
  ]),
  available(
    'process.kubernetes_account_dir',
    'text',
    '/var/run/secrets/kubernetes.io/serviceaccount',
    'Folder with the token, the CA and the namespace of the service account',
    ['ROUTEIQ_KUBERNETES_ACCOUNT_DIR'],
  ),
  available('otel.routing_decision_log_enabled', 'boolean', true, 'Logs each routing decision'),
  available(
    'otel.routing_decision_logger_name',
    'text',
    'routeiq.routing_decision',
    '`logger` in the lines of routing decisions',
  ),
  accepted('otel.error_log_enabled', 'boolean', true, 'Errors are lines of the log; none are exported'),
  accepted('otel.metrics_namespace', 'text', 'RouteIQ', 'Metrics are scraped under names that are fixed'),
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
    'ROUTEIQ_DEPLOYMENT_ENV',
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
  available(
    'process.log_queries',
    'boolean',
    false,
    'What users ask, in lines of decisions and on spans; prompts are private',
    ['LOG_QUERIES'],
  ),
  accepted('log_archival.enabled', 'boolean', false, 'There is no archive of logs', [
    'ROUTEIQ_LOG_ARCHIVAL_ENABLED',
  ]),
  accepted('log_archival.bucket', 'text', null, 'There is no archive of logs', [
    'ROUTEIQ_LOG_ARCHIVAL_BUCKET',
  ]),
  accepted('log_archival.prefix', 'text', null, 'There is no archive of logs', [
    'ROUTEIQ_LOG_ARCHIVAL_PREFIX',
  ]),
  accepted('log_archival.tier', 'text', null, 'There is no archive of logs', ['ROUTEIQ_LOG_ARCHIVAL_TIER']),
]
