import type { RequestConfig } from '../config.ts'
import type { ConfigFlags } from '../config-flags.ts'
import type { ConfigSections } from './config-sections.ts'

const defaultKeepaliveMs = 15_000

/** How requests are repaired, translated and answered. */
export function readRequestConfig(
  { general, litellm, settings }: ConfigSections,
  flags: ConfigFlags,
): RequestConfig {
  const either = (key: string): boolean => general.boolean(key) ?? litellm.boolean(key) ?? false
  const budget = (level: string): number => settings.number(`process.thinking_budget_${level}`)
  return {
    dropParams: flags.dropParams ?? litellm.boolean('drop_params') ?? false,
    modifyParams: litellm.boolean('modify_params') ?? false,
    alwaysIncludeStreamUsage: either('always_include_stream_usage'),
    forwardClientHeaders: either('forward_client_headers_to_llm_api'),
    forwardProviderAuthHeaders: either('forward_llm_provider_auth_headers'),
    sseKeepaliveMs: litellm.milliseconds('sse_keepalive_ping_interval_seconds') ?? defaultKeepaliveMs,
    errorCodeStyle: settings.text('error_code_style') === 'litellm' ? 'litellm' : 'symbolic',
    defaultAnthropicMaxTokens: settings.number('process.anthropic_max_tokens'),
    thinkingBudgets: {
      minimal: budget('minimal'),
      low: budget('low'),
      medium: budget('medium'),
      high: budget('high'),
    },
    completionModel: general.text('completion_model'),
  }
}
