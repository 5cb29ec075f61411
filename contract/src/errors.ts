/**
 * The one error catalogue. A code is API: clients and dashboards rely on it, so a code is never renamed.
 * Each entry says the HTTP status, the `error.type` and `error.code` an OpenAI-dialect body carries, whether
 * sending the same request again can succeed, and whose fault it is. `summary` feeds docs/errors.md.
 */
export interface ErrorEntry {
  readonly status: number
  readonly type: string
  /** `error.code` on the wire: symbolic where clients know a symbol, else the HTTP status as text. */
  readonly wireCode: string
  readonly retryable: boolean
  readonly fault: 'caller' | 'gateway' | 'upstream'
  readonly summary: string
}

const entry = (
  status: number,
  type: string,
  wireCode: string,
  fault: ErrorEntry['fault'],
  retryable: boolean,
  summary: string,
): ErrorEntry => ({ status, type, wireCode, retryable, fault, summary })

export const errorCatalogue = {
  invalid_request: entry(
    400,
    'invalid_request_error',
    '400',
    'caller',
    false,
    'The body or a parameter is malformed; the message names the field.',
  ),
  invalid_json: entry(
    400,
    'invalid_request_error',
    '400',
    'caller',
    false,
    'The body is not valid JSON (or not valid UTF-8, or nested deeper than 64 levels).',
  ),
  unsupported_parameter: entry(
    400,
    'invalid_request_error',
    '400',
    'caller',
    false,
    'The chosen model cannot honour a parameter; set `drop_params: true` to drop it.',
  ),
  invalid_model: entry(
    400,
    'invalid_request_error',
    '400',
    'caller',
    false,
    'No model, alias or wildcard matches the requested name.',
  ),
  invalid_skills_header: entry(
    400,
    'invalid_request_error',
    '400',
    'caller',
    false,
    '`x-routeiq-skills`, or what stands in its place, cannot be read; the message says what is wrong.',
  ),
  skill_unavailable_on_model: entry(
    400,
    'invalid_request_error',
    'skill_unavailable_on_model',
    'caller',
    false,
    "A skill of a vendor was asked for, and the model is not that vendor's; `skills.on_unavailable: drop` leaves such skills out.",
  ),
  code_execution_unavailable: entry(
    400,
    'invalid_request_error',
    'code_execution_unavailable',
    'caller',
    false,
    'The model has no code execution of its own; leave the tool out, or have it left out by `skills.on_unavailable: drop`.',
  ),
  context_length_exceeded: entry(
    400,
    'invalid_request_error',
    'context_length_exceeded',
    'caller',
    false,
    'The prompt does not fit the context window of any eligible deployment.',
  ),
  safety_blocked: entry(
    400,
    'invalid_request_error',
    'safety_blocked',
    'caller',
    false,
    'The scan of a skill found something dangerous; `detail.findings` says what and where.',
  ),
  content_filter: entry(
    400,
    'invalid_request_error',
    'content_filter',
    'caller',
    false,
    'The provider refused the content.',
  ),
  invalid_arguments: entry(
    400,
    'invalid_request_error',
    'invalid_arguments',
    'caller',
    false,
    'A function skill cannot take these arguments; the message names each.',
  ),
  invalid_url: entry(
    400,
    'invalid_request_error',
    'invalid_url',
    'caller',
    false,
    'An address is not an absolute http or https URL.',
  ),
  ssrf_blocked: entry(
    400,
    'invalid_request_error',
    'ssrf_blocked',
    'caller',
    false,
    'An address leads to where the gateway does not go; the message names the setting that would open it.',
  ),
  team_member_already_in_team: entry(
    400,
    'team_member_already_in_team',
    'team_member_already_in_team',
    'caller',
    false,
    'The user is a member of the team already.',
  ),
  stdio_not_allowed: entry(
    400,
    'invalid_request_error',
    'stdio_not_allowed',
    'caller',
    false,
    'Tool servers that are programs can only be defined in the configuration file.',
  ),
  missing_parameter: entry(
    400,
    'invalid_request_error',
    'missing_parameter',
    'caller',
    false,
    'A member of the body that the call needs is missing.',
  ),
  tool_invocation_failed: entry(
    400,
    'invalid_request_error',
    'tool_invocation_failed',
    'caller',
    false,
    'A tool could not be called; `detail.reason` says why.',
  ),
  invalid_state: entry(
    400,
    'invalid_request_error',
    'invalid_state',
    'caller',
    false,
    'A sign-in to a tool server is unknown, too old, used before, or was begun in another browser.',
  ),
  token_exchange_failed: entry(
    400,
    'invalid_request_error',
    'token_exchange_failed',
    'caller',
    false,
    'A sign-in to a tool server gave no tokens.',
  ),
  upstream_auth_required: entry(
    401,
    'authentication_error',
    'upstream_auth_required',
    'caller',
    false,
    'The tool server needs an account of the caller; `authorize_url` says where to sign in.',
  ),
  invalid_api_key: entry(
    401,
    'authentication_error',
    'invalid_api_key',
    'caller',
    false,
    'No gateway key was presented, or it is malformed or unknown.',
  ),
  expired_key: entry(401, 'expired_key', 'invalid_api_key', 'caller', false, 'The gateway key has expired.'),
  key_blocked: entry(401, 'auth_error', 'invalid_api_key', 'caller', false, 'The gateway key is blocked.'),
  admin_key_required: entry(
    401,
    'authentication_error',
    'admin_key_required',
    'caller',
    false,
    'An admin route was called without a credential.',
  ),
  invalid_admin_key: entry(
    401,
    'authentication_error',
    'invalid_admin_key',
    'caller',
    false,
    'The credential presented to an admin route is not a valid key.',
  ),
  upstream_authentication_error: entry(
    401,
    'authentication_error',
    'upstream_authentication_error',
    'upstream',
    false,
    'The provider refused the credential the gateway holds for it.',
  ),
  permission_denied: entry(
    403,
    'permission_error',
    'permission_denied',
    'caller',
    false,
    'The key is valid but may not use this route or resource.',
  ),
  key_model_access_denied: entry(
    403,
    'key_model_access_denied',
    'key_model_access_denied',
    'caller',
    false,
    'The key may not call the requested model.',
  ),
  team_model_access_denied: entry(
    403,
    'team_model_access_denied',
    'team_model_access_denied',
    'caller',
    false,
    'The team of the key may not call the requested model.',
  ),
  user_model_access_denied: entry(
    403,
    'user_model_access_denied',
    'user_model_access_denied',
    'caller',
    false,
    'The user of the key may not call the requested model.',
  ),
  org_model_access_denied: entry(
    403,
    'org_model_access_denied',
    'org_model_access_denied',
    'caller',
    false,
    'The organization of the key may not call the requested model.',
  ),
  control_plane_not_configured: entry(
    403,
    'permission_error',
    'control_plane_not_configured',
    'gateway',
    false,
    'No master or admin key is configured, so the control plane is closed.',
  ),
  admin_auth_disabled_in_production: entry(
    403,
    'permission_error',
    'admin_auth_disabled_in_production',
    'gateway',
    false,
    '`ADMIN_AUTH_ENABLED=false` is refused unless ROUTEIQ_ENV names a non-production environment.',
  ),
  upstream_permission_denied: entry(
    403,
    'permission_error',
    '403',
    'upstream',
    false,
    'The provider denied access.',
  ),
  module_skills_disabled: entry(
    403,
    'permission_error',
    'module_skills_disabled',
    'caller',
    false,
    'No functions are configured as skills (`skills.modules`).',
  ),
  access_denied: entry(
    403,
    'permission_error',
    'access_denied',
    'caller',
    false,
    'There is no such tool server, or the key may not use it.',
  ),
  tool_quarantined: entry(
    403,
    'permission_error',
    'tool_quarantined',
    'caller',
    false,
    'The definition of the tool is not the one that was approved; an admin has to look at it.',
  ),
  not_your_decision: entry(
    403,
    'permission_denied',
    'not_your_decision',
    'caller',
    false,
    'Only the key, user or team that made a call may say how it turned out.',
  ),
  not_found: entry(404, 'not_found_error', '404', 'caller', false, 'No such route or object.'),
  decision_not_found: entry(
    404,
    'not_found_error',
    'decision_not_found',
    'caller',
    false,
    'No request of this gateway made that routing decision.',
  ),
  previous_response_not_found: entry(
    404,
    'invalid_request_error',
    'previous_response_not_found',
    'caller',
    false,
    'The response is unknown, has expired, or belongs to another caller.',
  ),
  key_not_found: entry(
    404,
    'not_found_error',
    'key_not_found',
    'caller',
    false,
    'No key with that value, hash or alias exists.',
  ),
  upstream_not_found: entry(
    404,
    'not_found_error',
    '404',
    'upstream',
    false,
    'The provider does not know the model or deployment.',
  ),
  a2a_gateway_disabled: entry(
    404,
    'not_found_error',
    'a2a_gateway_disabled',
    'gateway',
    false,
    'Agents are switched off; set `A2A_GATEWAY_ENABLED=true`.',
  ),
  agent_not_found: entry(
    404,
    'not_found_error',
    'agent_not_found',
    'caller',
    false,
    'No agent that this caller may see has that id or name.',
  ),
  feature_disabled: entry(
    404,
    'not_found_error',
    'feature_disabled',
    'gateway',
    false,
    'The feature exists but is switched off or not available yet.',
  ),
  skill_not_found: entry(
    404,
    'not_found_error',
    'skill_not_found',
    'caller',
    false,
    'No skill or namespace has this name.',
  ),
  server_not_found: entry(
    404,
    'not_found_error',
    'server_not_found',
    'caller',
    false,
    'There is no tool server with this id, or the key may not see it.',
  ),
  tool_not_found: entry(
    404,
    'not_found_error',
    'tool_not_found',
    'caller',
    false,
    'There is no tool with this name, or the key may not see it.',
  ),
  sse_transport_disabled: entry(
    404,
    'not_found_error',
    'sse_transport_disabled',
    'gateway',
    false,
    'The old SSE transport of `/mcp` is off (`MCP_SSE_TRANSPORT_ENABLED`).',
  ),
  sse_legacy_mode: entry(
    404,
    'not_found_error',
    'sse_legacy_mode',
    'gateway',
    false,
    'The old SSE transport of `/mcp` opens no streams (`MCP_SSE_LEGACY_MODE`).',
  ),
  session_not_found: entry(
    404,
    'not_found_error',
    'session_not_found',
    'caller',
    false,
    'The session of a client of tools is unknown, has ended, or is that of another key.',
  ),
  mcp_gateway_disabled: entry(
    404,
    'not_found_error',
    'mcp_gateway_disabled',
    'gateway',
    false,
    'The gateway for tool servers is off (`MCP_GATEWAY_ENABLED`).',
  ),
  method_not_allowed: entry(
    405,
    'invalid_request_error',
    '405',
    'caller',
    false,
    'The route exists for other methods; see the Allow header.',
  ),
  timeout: entry(408, 'timeout_error', '408', 'upstream', true, 'No answer arrived within the deadline.'),
  conflict: entry(
    409,
    'invalid_request_error',
    '409',
    'caller',
    false,
    'The object already exists or is managed elsewhere.',
  ),
  agent_name_taken: entry(
    409,
    'invalid_request_error',
    'agent_name_taken',
    'caller',
    false,
    'Another agent has that name.',
  ),
  skill_ambiguous: entry(
    409,
    'invalid_request_error',
    'skill_ambiguous',
    'caller',
    false,
    'Several skills have this short name; `detail.candidates` lists the full ones.',
  ),
  tool_ambiguous: entry(
    409,
    'invalid_request_error',
    'tool_ambiguous',
    'caller',
    false,
    'Several servers have a tool with this name; `detail.candidates` lists the full names.',
  ),
  config_managed: entry(
    409,
    'invalid_request_error',
    'config_managed',
    'caller',
    false,
    'The object is defined in the configuration file and is changed there.',
  ),
  feedback_window_closed: entry(
    410,
    'invalid_request_error',
    'feedback_window_closed',
    'caller',
    false,
    'The outcome of a routed request comes too late.',
  ),
  gone: entry(
    410,
    'invalid_request_error',
    '410',
    'caller',
    false,
    'The route was withdrawn; the message names its successor.',
  ),
  request_too_large: entry(
    413,
    'invalid_request_error',
    'request_too_large',
    'caller',
    false,
    'The body exceeds `max_request_size_mb`.',
  ),
  uri_too_long: entry(
    414,
    'invalid_request_error',
    '414',
    'caller',
    false,
    'The request target exceeds 8 KiB.',
  ),
  unsupported_media_type: entry(
    415,
    'invalid_request_error',
    '415',
    'caller',
    false,
    'The body is encoded in a way this route does not accept.',
  ),
  unprocessable: entry(
    422,
    'invalid_request_error',
    '422',
    'caller',
    false,
    'The provider understood the request but could not process it.',
  ),
  validation_failed: entry(
    422,
    'invalid_request_error',
    'validation_error',
    'caller',
    false,
    'A control-plane body does not match its schema; `detail` lists each field.',
  ),
  skill_raised: entry(
    422,
    'invalid_request_error',
    'skill_raised',
    'caller',
    false,
    'The code of a function skill failed; `detail` has its type and message.',
  ),
  rate_limit_exceeded: entry(
    429,
    'rate_limit_error',
    'rate_limit_exceeded',
    'caller',
    true,
    'A rate limit of the key, the gateway or the provider is exhausted.',
  ),
  no_deployments_available: entry(
    429,
    'rate_limit_error',
    'no_deployments_available',
    'upstream',
    true,
    'Every deployment of the model is cooling down after failures.',
  ),
  budget_exceeded: entry(
    429,
    'budget_exceeded',
    'budget_exceeded',
    'caller',
    false,
    'A budget is exhausted.',
  ),
  quota_exceeded: entry(
    429,
    'quota_exceeded',
    'quota_exceeded',
    'caller',
    false,
    'A quota of the workspace or key is used up; `detail` says which, and repeating the call does not help.',
  ),
  skill_busy: entry(
    429,
    'rate_limit_error',
    'skill_busy',
    'gateway',
    true,
    'As many function skills run and wait as may.',
  ),
  headers_too_large: entry(
    431,
    'invalid_request_error',
    '431',
    'caller',
    false,
    'The request headers exceed 32 KiB.',
  ),
  internal_error: entry(
    500,
    'internal_server_error',
    '500',
    'gateway',
    true,
    'An unexpected failure inside the gateway; the log has the details under the request id.',
  ),
  upstream_error: entry(
    500,
    'internal_server_error',
    '500',
    'upstream',
    true,
    'The provider failed or answered something unreadable.',
  ),
  upstream_connection_error: entry(
    500,
    'internal_server_error',
    '500',
    'upstream',
    true,
    'The provider could not be reached.',
  ),
  tool_invocation_disabled: entry(
    501,
    'invalid_request_error',
    'tool_invocation_disabled',
    'gateway',
    false,
    'Calling tools is off (`LLMROUTER_ENABLE_MCP_TOOL_INVOCATION`).',
  ),
  upstream_response_too_large: entry(
    502,
    'internal_server_error',
    '502',
    'upstream',
    false,
    'The provider answered more than `max_response_size_mb`.',
  ),
  skill_upload_failed: entry(
    502,
    'api_error',
    'skill_upload_failed',
    'upstream',
    true,
    "A skill could not be copied to the vendor's account; the message says why. `skills.native_fallback: inject` does without.",
  ),
  upstream_unavailable: entry(
    503,
    'service_unavailable',
    '503',
    'upstream',
    true,
    'The provider is overloaded or down.',
  ),
  no_eligible_deployment: entry(
    503,
    'service_unavailable',
    'no_eligible_deployment',
    'gateway',
    true,
    'Every deployment of the model was filtered out; the message counts the reasons.',
  ),
  storage_unavailable: entry(
    503,
    'service_unavailable',
    'storage_unavailable',
    'gateway',
    true,
    'The database did not answer and the key is not cached.',
  ),
  encryption_not_configured: entry(
    503,
    'service_unavailable',
    'encryption_not_configured',
    'gateway',
    false,
    'Something secret was sent, and there is no key to keep it encrypted (`LITELLM_SALT_KEY`).',
  ),
  over_capacity: entry(
    503,
    'service_unavailable',
    'over_capacity',
    'gateway',
    true,
    'ROUTEIQ_MAX_CONCURRENT_REQUESTS is reached.',
  ),
  isolation_unavailable: entry(
    503,
    'service_unavailable',
    'isolation_unavailable',
    'gateway',
    false,
    'This machine cannot run a function skill as isolated as the configuration requires.',
  ),
  draining: entry(503, 'service_unavailable', 'draining', 'gateway', true, 'The gateway is shutting down.'),
  skill_timeout: entry(
    504,
    'timeout_error',
    'skill_timeout',
    'caller',
    false,
    'A function skill took longer than its `timeout_ms`.',
  ),
  skill_resource_exceeded: entry(
    507,
    'invalid_request_error',
    'skill_resource_exceeded',
    'caller',
    false,
    'A function skill used more memory, output or processes than it may.',
  ),
} as const satisfies Record<string, ErrorEntry>

export type ErrorCode = keyof typeof errorCatalogue

export interface GatewayErrorOptions {
  /** The offending field, as the caller wrote it (`messages[2].content`). */
  readonly param?: string
  /** Sent as `Retry-After`, in whole seconds. */
  readonly retryAfterSeconds?: number
  /** LiteLLM's exception class for a provider failure; becomes the `litellm.<Class>: ` part of the message. */
  readonly exceptionName?: string
  /** Overrides the catalogue's status (an upstream status without an entry of its own). */
  readonly status?: number
  /** Says who refused when the code alone does not (a provider's context-window error). */
  readonly origin?: 'gateway' | 'upstream'
  /** What the provider added to its error, passed on to the caller. */
  readonly providerSpecificFields?: Readonly<Record<string, unknown>>
  /** Extra members of the control plane's `detail` object. */
  readonly extras?: Readonly<Record<string, unknown>>
  /** Extra response headers, lower-case names. */
  readonly headers?: Readonly<Record<string, string>>
  readonly cause?: unknown
}

/** The one error class of the product. Every refusal is one of these, rendered once per dialect. */
export class GatewayError extends Error {
  readonly code: ErrorCode
  readonly options: GatewayErrorOptions

  constructor(code: ErrorCode, message: string, options: GatewayErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'GatewayError'
    this.code = code
    this.options = options
  }

  get entry(): ErrorEntry {
    return errorCatalogue[this.code]
  }

  get status(): number {
    return this.options.status ?? this.entry.status
  }

  /** `gateway` when RouteIQ refused, `upstream` when a provider did. */
  get origin(): 'gateway' | 'upstream' {
    return this.options.origin ?? (this.entry.fault === 'upstream' ? 'upstream' : 'gateway')
  }
}
