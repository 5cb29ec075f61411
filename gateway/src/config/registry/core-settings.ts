import { accepted, available, planned, type Setting } from './setting.ts'

const thinkingLevels = { minimal: 128, low: 1024, medium: 2048, high: 4096 }

const thinkingBudgets = Object.entries(thinkingLevels).map(([level, tokens]) =>
  available(
    `process.thinking_budget_${level}`,
    'integer',
    tokens,
    `Thinking tokens for \`reasoning_effort: ${level}\``,
    [`DEFAULT_REASONING_EFFORT_${level.toUpperCase()}_THINKING_BUDGET`],
  ),
)

/** Process, server, files and model defaults. */
export const coreSettings: readonly Setting[] = [
  available('host', 'text', '0.0.0.0', 'Address to listen on', ['HOST', 'LITELLM_HOST', 'ROUTEIQ_HOST'], {
    example: '127.0.0.1',
  }),
  available('port', 'integer', 4000, 'Port to listen on', ['PORT', 'LITELLM_PORT', 'ROUTEIQ_PORT']),
  available('workers', 'integer', 1, 'Processes that share the port', ['NUM_WORKERS', 'ROUTEIQ_WORKERS']),
  available('env', 'text', null, '`production` refuses open modes, sample keys and short master keys', [
    'ROUTEIQ_ENV',
  ]),
  available('debug', 'boolean', false, 'Debug logging', ['ROUTEIQ_DEBUG']),
  accepted('own_app', 'boolean', true, 'There is one app', ['ROUTEIQ_OWN_APP']),
  available(
    'data_dir',
    'text',
    '.routeiq',
    'Folder of the embedded database, journals and the generated key',
    ['ROUTEIQ_DATA_DIR'],
  ),
  available(
    'error_code_style',
    'choice',
    'symbolic',
    'Values of `error.code`',
    ['ROUTEIQ_ERROR_CODE_STYLE'],
    {
      choices: ['symbolic', 'litellm'],
    },
  ),
  available(
    'process.config_path',
    'text',
    null,
    'Configuration file; without one, `config/config.yaml`, then `config.yaml`',
    ['CONFIG_FILE_PATH', 'LITELLM_CONFIG_PATH', 'ROUTEIQ_CONFIG_PATH'],
    { example: 'other.yaml' },
  ),
  available(
    'process.config_bucket_name',
    'text',
    null,
    'Bucket that holds the configuration: the same as `CONFIG_S3_BUCKET` or `CONFIG_GCS_BUCKET`, which count before it',
    ['LITELLM_CONFIG_BUCKET_NAME'],
  ),
  available('process.config_bucket_object_key', 'text', null, 'Object in that bucket', [
    'LITELLM_CONFIG_BUCKET_OBJECT_KEY',
  ]),
  available(
    'process.config_bucket_type',
    'choice',
    's3',
    'Whose bucket it is',
    ['LITELLM_CONFIG_BUCKET_TYPE'],
    { choices: ['s3', 'gcs'] },
  ),
  available('general_settings.master_key', 'text', null, 'Admin and data-plane key', ['LITELLM_MASTER_KEY'], {
    file: ['general_settings.master_key', 'litellm_settings.master_key'],
  }),
  available(
    'process.salt_key',
    'text',
    null,
    'Seals what providers sign or encrypt on its way through clients, and secrets where there is no encryption key; without one the master key does',
    ['LITELLM_SALT_KEY'],
  ),
  available('process.log_level', 'choice', null, 'Log level', ['LITELLM_LOG'], {
    choices: ['debug', 'info', 'warning', 'warn', 'error', 'critical'],
    example: 'ERROR',
  }),
  available('process.litellm_debug', 'boolean', false, 'Debug logging', ['LITELLM_DEBUG']),
  accepted(
    'general_settings.store_model_in_db',
    'boolean',
    false,
    'Models added over the API are always stored',
    ['STORE_MODEL_IN_DB'],
  ),
  accepted('process.litellm_mode', 'text', null, 'Development convenience of LiteLLM', ['LITELLM_MODE']),
  available(
    'process.litellm_environment',
    'text',
    null,
    'Keeps only models whose `supported_environments` name it',
    ['LITELLM_ENVIRONMENT'],
    { example: 'staging' },
  ),
  available(
    'process.skip_env_validation',
    'boolean',
    false,
    'Silences warnings about variables',
    ['ROUTEIQ_SKIP_ENV_VALIDATION'],
    { effect: 'diagnostics' },
  ),
  available('process.service_name', 'text', 'routeiq', 'Name in health answers and telemetry', [
    'ROUTEIQ_SERVICE_NAME',
  ]),
  available(
    'process.root_path',
    'text',
    '',
    'Path prefix the gateway is served under',
    ['SERVER_ROOT_PATH'],
    {
      example: '/gateway',
    },
  ),
  available(
    'process.public_url',
    'text',
    null,
    'Address clients use',
    ['PROXY_BASE_URL', 'ROUTEIQ_PUBLIC_URL'],
    {
      example: 'https://gateway.example.org',
    },
  ),
  accepted('process.no_docs', 'boolean', false, 'The gateway shows no pages of its API', [
    'NO_DOCS',
    'NO_REDOC',
    'NO_OPENAPI',
  ]),
  available(
    'process.price_map',
    'text',
    null,
    "Price table in LiteLLM's JSON format: URL or file",
    ['LITELLM_MODEL_COST_MAP_URL'],
    { example: 'https://prices.example.org/prices.json' },
  ),
  available('process.local_price_map', 'boolean', false, 'Never fetches a price table', [
    'LITELLM_LOCAL_MODEL_COST_MAP',
  ]),
  accepted(
    'process.anthropic_beta_headers_url',
    'text',
    null,
    'Which beta flags providers take is built in',
    ['LITELLM_ANTHROPIC_BETA_HEADERS_URL'],
  ),
  available('process.detailed_timing', 'boolean', false, 'Timing headers on answers', [
    'LITELLM_DETAILED_TIMING',
  ]),
  available(
    'process.separate_health_app',
    'boolean',
    false,
    'Answers probes and health pages at a port of their own too, without TLS',
    ['SEPARATE_HEALTH_APP'],
  ),
  available('process.separate_health_port', 'integer', 4001, 'That port', ['SEPARATE_HEALTH_PORT']),
  available('process.rate_limit_window', 'integer', 60, 'Rate limit window in seconds', [
    'LITELLM_RATE_LIMIT_WINDOW_SIZE',
  ]),
  accepted('process.max_requests_before_restart', 'integer', null, 'Workers are not restarted', [
    'MAX_REQUESTS_BEFORE_RESTART',
  ]),
  accepted('process.license', 'text', null, 'No feature needs a licence', ['LITELLM_LICENSE']),
  available(
    'process.anthropic_max_tokens',
    'integer',
    4096,
    '`max_tokens` for Anthropic when nothing sets it',
    ['DEFAULT_ANTHROPIC_CHAT_MAX_TOKENS'],
  ),
  ...thinkingBudgets,
  available(
    'process.max_iterations_ttl',
    'number',
    3600,
    "Seconds after its first message in which a conversation's `max_iterations` of an agent are counted",
    ['LITELLM_MAX_ITERATIONS_TTL'],
  ),
  available(
    'process.max_budget_per_session_ttl',
    'number',
    3600,
    'The same for its `max_budget_per_session`',
    ['LITELLM_MAX_BUDGET_PER_SESSION_TTL'],
  ),
  planned('process.ui_username', 'text', null, 'Admin page login', ['UI_USERNAME']),
  planned('process.ui_password', 'text', null, 'Admin page login', ['UI_PASSWORD']),
]
