import type { Aggregation, MetricDefinition } from './registry/definition.ts'

const counter = (
  name: string,
  help: string,
  labels: string[] = [],
  open: string[] = [],
): MetricDefinition => ({
  name,
  help,
  type: 'counter',
  labels,
  open,
  buckets: [],
  aggregation: 'sum',
})

const gauge = (
  name: string,
  help: string,
  labels: string[] = [],
  open: string[] = [],
  aggregation: Aggregation = 'sum',
): MetricDefinition => ({ name, help, type: 'gauge', labels, open, buckets: [], aggregation })

const histogram = (
  name: string,
  help: string,
  buckets: readonly number[],
  labels: string[] = [],
  open: string[] = [],
): MetricDefinition => ({ name, help, type: 'histogram', labels, open, buckets, aggregation: 'sum' })

/** `count` bounds from `first`, each `factor` times the one before, free of binary dust. */
function geometric(first: number, factor: number, count: number): number[] {
  return Array.from({ length: count }, (_, power) => Number((first * factor ** power).toPrecision(12)))
}

const durationBuckets = geometric(0.01, 2, 14)
const sessionBuckets = geometric(1, 4, 8)
const firstTokenBuckets = geometric(0.01, 2, 12)
const tokenBuckets = geometric(1, 4, 12)
const speedBuckets = [1, 2, 5, 10, 20, 50, 100, 200, 500]
const routingBuckets = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1]
const costBuckets = [0.0001, 0.001, 0.01, 0.1, 0.5, 1, 5, 10]
const regretBuckets = [0, 0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5]
const pauseBuckets = [0.0001, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1]

const requestModel = 'gen_ai_request_model'
const system = 'gen_ai_system'

/** RouteIQ's own set. `model` is the model group; the models of unknown name share `other`. */
export const routeiqMetrics = {
  operationDuration: histogram(
    'gen_ai_client_operation_duration_seconds',
    'Whole duration of a model request.',
    durationBuckets,
    [requestModel, system],
    [requestModel],
  ),
  tokenUsage: histogram(
    'gen_ai_client_token_usage',
    'Tokens of one request.',
    tokenBuckets,
    [requestModel, system, 'gen_ai_token_type'],
    [requestModel],
  ),
  timeToFirstToken: histogram(
    'gen_ai_server_time_to_first_token_seconds',
    'Time to the first byte of a streamed answer.',
    firstTokenBuckets,
    [requestModel, system],
    [requestModel],
  ),
  tokensPerSecond: histogram(
    'gen_ai_client_tokens_per_second',
    'Output tokens per second of generation.',
    speedBuckets,
    [requestModel, system],
    [requestModel],
  ),
  similarQuestions: counter(
    'gateway_semantic_cache_lookup_total',
    'Look-ups of a similar question that was answered before.',
    ['result'],
  ),
  contextTokensSaved: histogram(
    'gateway_context_optimizer_tokens_saved',
    'Tokens of a prompt that the context optimiser has taken out, estimated.',
    tokenBuckets,
  ),
  requestTotal: counter('gateway_request_total', 'Finished model requests.', ['model', 'status'], ['model']),
  requestError: counter(
    'gateway_request_error_total',
    'Model requests that ended in an error.',
    ['model', 'error_type'],
    ['model'],
  ),
  requestActive: gauge('gateway_request_active', 'Model requests in progress.', ['model'], ['model']),
  routingDecisionDuration: histogram(
    'gateway_routing_decision_duration_seconds',
    'Time spent choosing deployments.',
    routingBuckets,
    ['strategy', 'model'],
    ['model', 'strategy'],
  ),
  routingStrategyUsage: counter(
    'gateway_routing_strategy_usage_total',
    'Requests routed by a strategy.',
    ['strategy', 'outcome'],
    ['strategy'],
  ),
  routingSelection: counter(
    'gateway_routing_selection_total',
    'Requests routed by a strategy to a model group.',
    ['strategy', 'model'],
    ['model', 'strategy'],
  ),
  routingNovel: counter('routeiq_routing_novel_total', 'Requests unlike anything the router was trained on.'),
  routingAffinity: counter(
    'routeiq_routing_affinity_total',
    'Routed requests by what became of the model their conversation was on.',
    ['action'],
  ),
  routingExplored: counter(
    'routeiq_routing_explored_total',
    'Requests whose model was chosen to learn about it.',
  ),
  routingFeedback: counter(
    'routeiq_routing_feedback_total',
    'Judgements of routed requests that were taken.',
    ['source'],
  ),
  routingRegret: histogram(
    'routeiq_routing_regret_estimate',
    'Estimated utility given up by not taking the best candidate.',
    regretBuckets,
  ),
  routingBrokenPromises: gauge(
    'routeiq_routing_guarantee_broken',
    'Promises about mean quality that judged requests have broken.',
    [],
    [],
    'max',
  ),
  routingCalibration: gauge(
    'routeiq_routing_calibration_error',
    'Mean distance between what was expected of models and what they scored, by judged request.',
    [],
    [],
    'max',
  ),
  routingDrift: counter(
    'routeiq_routing_drift_alarm_total',
    'Times a model turned out other than it used to.',
    ['model'],
    ['model'],
  ),
  skillRouterDegraded: counter(
    'routeiq_skill_router_degraded_total',
    'Answers of the Skill Router made with less than everything.',
    ['reason'],
  ),
  skillTraces: counter(
    'routeiq_skill_traces_total',
    'Traces of agents that were sent: stored, refused for what they say, or failed with the database.',
    ['outcome'],
  ),
  skillDecisionsLost: counter(
    'routeiq_skill_decision_write_failures_total',
    'Writes of routing decisions that failed; their rows are tried again.',
  ),
  auditWriteFailures: counter(
    'routeiq_audit_write_failures_total',
    'Writes of the audit log that failed; their rows are tried again.',
  ),
  auditRowsDropped: counter(
    'routeiq_audit_rows_dropped_total',
    'Rows of the audit log that were lost since too many waited for the database.',
  ),
  uncountedCalls: counter(
    'routeiq_uncounted_calls_total',
    'Calls that passed a quota or usage policy while what was used before could not be read.',
  ),
  routingCostPer1k: histogram(
    'routeiq_routing_cost_per_1k_tokens_usd',
    'Cost of 1000 tokens of a routed request.',
    costBuckets,
    ['model', 'strategy'],
    ['model', 'strategy'],
  ),
  costTotal: counter(
    'gateway_cost_total_usd_total',
    'Cost of all requests.',
    ['model', 'team', 'user'],
    ['user', 'team', 'model'],
  ),
  costPerRequest: histogram(
    'gateway_cost_per_request_usd',
    'Cost of one request.',
    costBuckets,
    ['model'],
    ['model'],
  ),
  costErrors: counter(
    'gateway_cost_errors_total',
    'Requests with usage whose cost could not be computed.',
    ['model'],
    ['model'],
  ),
  tokensTotal: counter(
    'gateway_tokens_total',
    'Tokens of all requests.',
    ['model', 'team', 'direction'],
    ['team', 'model'],
  ),
  breakerTransitions: counter(
    'gateway_circuit_breaker_transitions_total',
    'Changes of state of circuit breakers and cooldowns.',
    ['breaker', 'from_state', 'to_state'],
    ['breaker'],
  ),
  breakerState: gauge(
    'gateway_circuit_breaker_state',
    '1 for the state a circuit breaker or cooldown is in.',
    ['breaker', 'state'],
    ['breaker'],
    'max',
  ),
  backpressureActive: gauge('gateway_backpressure_active_requests', 'Requests that hold a concurrency slot.'),
  backpressureRejections: counter(
    'gateway_backpressure_rejections_total',
    'Requests refused before any work.',
    ['reason'],
  ),
  pluginFailures: counter(
    'gateway_plugin_failures_total',
    'Hooks of plugins that failed, took too long or were left out.',
    ['plugin', 'hook', 'outcome'],
    ['plugin'],
  ),
  guardrailChecks: counter(
    'gateway_guardrail_check_total',
    'Calls and answers of models that guards looked at, by what came of them.',
    ['check_type', 'action'],
    ['check_type'],
  ),
  agentCalls: counter(
    'gateway_a2a_invocation_total',
    'Calls of agents, by what came of them.',
    ['agent', 'outcome'],
    ['agent'],
  ),
  agentCallDuration: histogram(
    'gateway_a2a_invocation_duration_seconds',
    'Time of calls of agents, streams to their end.',
    durationBuckets,
    ['agent'],
    ['agent'],
  ),
  agentFirstEvent: histogram(
    'gateway_a2a_first_event_seconds',
    'Time to the first event of a stream of an agent.',
    durationBuckets,
    ['agent'],
    ['agent'],
  ),
  agentStreams: gauge('gateway_a2a_open_streams', 'Streams of agents under way.'),
  agentDrops: counter(
    'gateway_a2a_translation_drops_total',
    'Objects whose unknown members were too large to travel to the other version.',
    ['direction'],
  ),
  agentPushes: counter('gateway_a2a_push_total', 'News of tasks for clients, by what came of them.', [
    'outcome',
  ]),
  toolCalls: counter(
    'gateway_mcp_tool_invocation_total',
    'Calls of tools, by their server and what came of them.',
    ['server', 'outcome'],
    ['server'],
  ),
  toolCallDuration: histogram(
    'mcp_client_operation_duration_seconds',
    'Time of calls of tools at their servers.',
    durationBuckets,
    ['server'],
    ['server'],
  ),
  toolsQuarantined: counter(
    'gateway_mcp_quarantined_total',
    'Definitions of tools, prompts and templates that were held back since they had changed.',
    ['server'],
    ['server'],
  ),
  toolCallsParked: gauge(
    'gateway_mcp_parked_calls',
    'Calls of tools that wait for their clients to come back with an answer.',
  ),
  mcpAnswerDuration: histogram(
    'mcp_server_operation_duration_seconds',
    'Time in which requests of clients of the Model Context Protocol were answered.',
    durationBuckets,
    ['method'],
  ),
  // Named as the conventions of OpenTelemetry do: the gateway is a server to its clients, and a client of tool servers.
  mcpClientSessionDuration: histogram(
    'mcp_server_session_duration_seconds',
    'Time that sessions of clients of the Model Context Protocol lasted.',
    sessionBuckets,
    ['transport'],
  ),
  mcpServerSessionDuration: histogram(
    'mcp_client_session_duration_seconds',
    'Time that sessions at tool servers lasted.',
    sessionBuckets,
    ['server'],
    ['server'],
  ),
  mcpServerSessions: gauge(
    'gateway_mcp_upstream_sessions',
    'Sessions at tool servers that are open: those kept for calls, and the one by which each server is watched.',
    ['server'],
    ['server'],
  ),
  skillInvocations: counter(
    'routeiq_skill_invocations_total',
    'Skills that were called, by what they were and what came of it.',
    ['type', 'namespace', 'status'],
    ['namespace'],
  ),
  skillInvocationDuration: histogram(
    'routeiq_skill_invocation_duration_seconds',
    'Whole duration of a call of a skill.',
    durationBuckets,
    ['type'],
  ),
  recordsDropped: counter(
    'routeiq_telemetry_records_dropped_total',
    'Request records lost because telemetry did not keep up.',
  ),
  spansDropped: counter(
    'routeiq_spans_dropped_total',
    'Spans lost because the collector did not keep up or refused them.',
  ),
  logLinesDropped: counter(
    'routeiq_log_lines_dropped_total',
    'Log lines lost because the log sink did not keep up.',
  ),
} as const

const caller = ['end_user', 'hashed_api_key', 'api_key_alias', 'team', 'team_alias', 'user']
const openCaller = ['end_user', 'user', 'api_key_alias', 'hashed_api_key', 'team_alias', 'team']
const keyAndTeam = ['hashed_api_key', 'api_key_alias', 'team', 'team_alias']
const openKeyAndTeam = ['api_key_alias', 'hashed_api_key', 'team_alias', 'team']
const deployment = ['litellm_model_name', 'model_id', 'api_base', 'api_provider']
const openDeployment = ['model_id', 'litellm_model_name', 'api_base']

/** LiteLLM's set, for dashboards made for it. Without a value a label reads `None`, as there. */
export const litellmMetrics = {
  spend: counter(
    'litellm_spend_metric_total',
    'Total spend in USD.',
    [...caller, 'model'],
    [...openCaller, 'model'],
  ),
  totalTokens: counter(
    'litellm_total_tokens_metric_total',
    'Input and output tokens.',
    [...caller, 'requested_model', 'model'],
    [...openCaller, 'requested_model', 'model'],
  ),
  inputTokens: counter(
    'litellm_input_tokens_metric_total',
    'Input tokens.',
    [...caller, 'requested_model', 'model'],
    [...openCaller, 'requested_model', 'model'],
  ),
  outputTokens: counter(
    'litellm_output_tokens_metric_total',
    'Output tokens.',
    [...caller, 'requested_model', 'model'],
    [...openCaller, 'requested_model', 'model'],
  ),
  requests: counter(
    'litellm_requests_metric_total',
    'Model calls.',
    [...caller, 'model'],
    [...openCaller, 'model'],
  ),
  proxyTotalRequests: counter(
    'litellm_proxy_total_requests_metric_total',
    'Requests received.',
    [...caller, 'requested_model', 'status_code'],
    [...openCaller, 'requested_model'],
  ),
  proxyFailedRequests: counter(
    'litellm_proxy_failed_requests_metric_total',
    'Requests answered with an error.',
    [...caller, 'requested_model', 'exception_status', 'exception_class'],
    [...openCaller, 'requested_model'],
  ),
  requestLatency: histogram(
    'litellm_request_total_latency_metric',
    'Whole duration of a request in seconds.',
    durationBuckets,
    [...caller, 'requested_model', 'model'],
    [...openCaller, 'requested_model', 'model'],
  ),
  apiLatency: histogram(
    'litellm_llm_api_latency_metric',
    'Time spent in provider calls in seconds.',
    durationBuckets,
    [...caller, 'requested_model', 'model'],
    [...openCaller, 'requested_model', 'model'],
  ),
  timeToFirstToken: histogram(
    'litellm_llm_api_time_to_first_token_metric',
    'Time to the first byte of a stream in seconds.',
    firstTokenBuckets,
    ['model', ...keyAndTeam],
    [...openKeyAndTeam, 'model'],
  ),
  overheadLatency: histogram(
    'litellm_overhead_latency_metric',
    'Time the gateway added in seconds.',
    routingBuckets,
    ['model_group', 'api_provider', 'api_base', 'litellm_model_name', 'hashed_api_key', 'api_key_alias'],
    ['api_key_alias', 'hashed_api_key', 'litellm_model_name', 'api_base', 'model_group'],
  ),
  inFlight: gauge('litellm_in_flight_requests', 'Requests in progress.'),
  deploymentState: gauge(
    'litellm_deployment_state',
    '0 healthy, 1 partial outage, 2 outage.',
    deployment,
    openDeployment,
    'max',
  ),
  deploymentRequests: counter(
    'litellm_deployment_total_requests_total',
    'Calls to a deployment.',
    [...deployment, 'requested_model', ...keyAndTeam],
    [...openKeyAndTeam, 'requested_model', ...openDeployment],
  ),
  deploymentFailures: counter(
    'litellm_deployment_failure_responses_total',
    'Failed calls to a deployment.',
    [...deployment, 'requested_model', ...keyAndTeam, 'exception_status', 'exception_class'],
    [...openKeyAndTeam, 'requested_model', ...openDeployment],
  ),
  latencyPerOutputToken: histogram(
    'litellm_deployment_latency_per_output_token',
    'Seconds of provider time for each output token.',
    routingBuckets,
    [...deployment, ...keyAndTeam],
    [...openKeyAndTeam, ...openDeployment],
  ),
  cooledDown: counter(
    'litellm_deployment_cooled_down_total',
    'Cooldowns of a deployment.',
    [...deployment, 'exception_status'],
    openDeployment,
  ),
  successfulFallbacks: counter(
    'litellm_deployment_successful_fallbacks_total',
    'Requests saved by a fallback.',
    ['requested_model', 'fallback_model', ...keyAndTeam],
    [...openKeyAndTeam, 'requested_model', 'fallback_model'],
  ),
  failedFallbacks: counter(
    'litellm_deployment_failed_fallbacks_total',
    'Requests that failed in spite of a fallback.',
    ['requested_model', 'fallback_model', ...keyAndTeam],
    [...openKeyAndTeam, 'requested_model', 'fallback_model'],
  ),
} as const

/** The process and its runtime, under the names of the common Prometheus clients. */
export const processMetrics = {
  cpuUser: counter('process_cpu_user_seconds_total', 'CPU time in user mode.'),
  cpuSystem: counter('process_cpu_system_seconds_total', 'CPU time in the kernel.'),
  cpu: counter('process_cpu_seconds_total', 'CPU time.'),
  residentMemory: gauge('process_resident_memory_bytes', 'Memory in RAM, shared pages included.'),
  startTime: gauge('process_start_time_seconds', 'Start of the process, seconds since 1970.', [], [], 'min'),
  heapUsed: gauge('nodejs_heap_size_used_bytes', 'Heap in use.'),
  heapTotal: gauge('nodejs_heap_size_total_bytes', 'Heap reserved.'),
  externalMemory: gauge(
    'nodejs_external_memory_bytes',
    'Memory outside the heap that belongs to its objects.',
  ),
  eventLoopLag: gauge(
    'nodejs_eventloop_lag_p99_seconds',
    'How late the event loop was, 99th percentile.',
    [],
    [],
    'max',
  ),
  garbageCollection: histogram('nodejs_gc_duration_seconds', 'Pauses for garbage collection.', pauseBuckets, [
    'kind',
  ]),
  activeResources: gauge('nodejs_active_resources', 'Open handles and requests: sockets, timers, files.', [
    'type',
  ]),
} as const
