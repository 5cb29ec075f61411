/** `litellm_params` that become fields of a deployment. */
const deploymentParameters = [
  'model',
  'custom_llm_provider',
  'api_key',
  'api_base',
  'base_url',
  'api_version',
  'organization',
  'extra_headers',
  'extra_body',
  'timeout',
  'stream_timeout',
  'max_retries',
  'num_retries',
  'rpm',
  'tpm',
  'weight',
  'order',
  'tags',
  'region_name',
  'max_parallel_requests',
  'cooldown_time',
  'drop_params',
  'additional_drop_params',
  'cache_control_injection_points',
  'mock_response',
  'use_chat_completions_api',
  'configurable_clientside_auth_params',
  'litellm_credential_name',
]

/** Prices in LiteLLM's spelling: `input_cost_per_token`, `cache_read_input_token_cost_above_200k_tokens`, … */
export function isPriceParameter(name: string): boolean {
  return /^(?:input|output|cache_read|cache_creation|search_context)_(?:\w+_)?cost(?:_|$)/.test(name)
}

/** Gateway settings and credentials that no provider accepts as a request parameter. */
const withheldParameters = [
  'use_in_pass_through',
  'use_litellm_proxy',
  'itpm',
  'otpm',
  'tag_regex',
  'max_budget',
  'budget_duration',
  'default_api_key_tpm_limit',
  'default_api_key_rpm_limit',
  'keepalive_seconds',
  'merge_reasoning_content_in_choices',
  'mock_timeout',
  'aws_access_key_id',
  'aws_secret_access_key',
  'aws_session_token',
  'aws_region_name',
  'aws_session_name',
  'aws_profile_name',
  'aws_role_name',
  'aws_web_identity_token',
  'aws_sts_endpoint',
  'aws_external_id',
  'aws_role_arn',
  'aws_web_identity_token_file',
  'aws_shared_credentials_file',
  'aws_bedrock_runtime_endpoint',
  'model_id',
  'vertex_project',
  'vertex_location',
  'vertex_credentials',
  'vertex_count_tokens_location',
  'azure_ad_token',
  'tenant_id',
  'client_id',
  'client_secret',
  'azure_scope',
  'azure_authority_host',
  'cloudflare_account_id',
  'watsonx_region_name',
  'complexity_router_config',
  'adaptive_router_config',
  'quality_router_config',
]

const gatewayParameters = new Set([...deploymentParameters, ...withheldParameters])

/** True for a parameter that goes to the provider with each request. */
export function isRequestParameter(name: string): boolean {
  return !gatewayParameters.has(name) && !isPriceParameter(name) && !name.startsWith('auto_router_')
}

const numericParameters = new Set([
  'temperature',
  'top_p',
  'top_k',
  'n',
  'seed',
  'max_tokens',
  'max_completion_tokens',
  'presence_penalty',
  'frequency_penalty',
  'top_logprobs',
])
const booleanParameters = new Set(['stream', 'logprobs', 'parallel_tool_calls', 'store'])

export function requestParameterType(name: string): 'number' | 'boolean' | 'any' {
  if (numericParameters.has(name)) return 'number'
  return booleanParameters.has(name) ? 'boolean' : 'any'
}
