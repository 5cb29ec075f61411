/** Members of an OpenAI-dialect body that speak to the gateway and never go upstream. */
const gatewayMembers = new Set([
  'fallbacks',
  'context_window_fallbacks',
  'content_policy_fallbacks',
  'num_retries',
  'timeout',
  'stream_timeout',
  'tags',
  'cache',
  'guardrails',
  'disable_fallbacks',
  'routeiq',
  'custom_llm_provider',
  'priority',
  'api_key',
  'api_base',
  'api_version',
])

/** Whether a member is for the gateway; `litellm_…` and `mock_…` are recognised by prefix. */
export function isGatewayMember(name: string): boolean {
  return gatewayMembers.has(name) || name.startsWith('litellm_') || name.startsWith('mock_')
}
