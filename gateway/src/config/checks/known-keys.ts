/** Keys that mean something in `router_settings`, `litellm_settings` and, with a warning, `general_settings`. */
export const routingKeys: ReadonlySet<string> = new Set([
  ...[
    'routing_strategy',
    'routing_strategy_args',
    'num_retries',
    'retry_after',
    'timeout',
    'request_timeout',
  ],
  ...['stream_timeout', 'stream_idle_timeout', 'cooldown_time', 'disable_cooldowns', 'allowed_fails'],
  ...['allowed_fails_policy', 'retry_policy', 'model_group_retry_policy', 'fallbacks', 'default_fallbacks'],
  ...['context_window_fallbacks', 'content_policy_fallbacks', 'fallback_on_bad_request'],
  ...['fallbacks_ignore_key_models', 'max_fallbacks', 'max_total_attempts', 'enable_pre_call_checks'],
  ...[
    'enable_tag_filtering',
    'tag_filtering_match_any',
    'default_max_parallel_requests',
    'model_group_alias',
  ],
  ...['redis_host', 'redis_port', 'redis_password', 'redis_url', 'redis_db', 'redis_username', 'redis_ssl'],
])

const routerKeys = [
  ...['client_ttl', 'cache_responses', 'deployment_affinity_ttl_seconds', 'optional_pre_call_checks'],
  ...['ignore_invalid_deployments', 'provider_budget_config', 'enable_health_check_routing'],
  ...[
    'enable_weighted_failover',
    'routing_groups',
    'set_verbose',
    'debug_level',
    'cache_kwargs',
    'caching_groups',
  ],
  ...['alerting_config', 'default_litellm_params', 'max_retries', 'polling_interval', 'model_list'],
]

const litellmKeys = [
  ...[
    'drop_params',
    'modify_params',
    'success_callback',
    'failure_callback',
    'callbacks',
    'set_verbose',
    'cache',
  ],
  ...['cache_params', 'telemetry', 'json_logs', 'master_key', 'max_budget', 'budget_duration', 'timezone'],
  ...['max_end_user_budget', 'default_internal_user_params', 'default_team_params', 'default_team_settings'],
  ...[
    'key_generation_settings',
    'default_key_generate_params',
    'upperbound_key_generate_params',
    'turn_off_message_logging',
  ],
  ...['redact_user_api_key_info', 'service_callbacks', 'langfuse_default_tags', 'cold_storage_custom_logger'],
  ...['model_group_settings', 'mcp_aliases', 'cost_discount_config', 'cost_margin_config'],
  ...['use_chat_completions_url_for_anthropic_messages', 'route_all_chat_openai_to_responses'],
  ...[
    'forward_llm_provider_auth_headers',
    'forward_client_headers_to_llm_api',
    'always_include_stream_usage',
  ],
  ...[
    'sse_keepalive_ping_interval_seconds',
    'require_auth_for_metrics_endpoint',
    'disable_end_user_cost_tracking',
  ],
  ...[
    'enable_json_schema_validation',
    'force_ipv4',
    'network_mock',
    'enable_redis_auth_cache',
    'skills_mode',
  ],
]

const generalKeys = [
  ...[
    'master_key',
    'database_url',
    'store_model_in_db',
    'store_prompts_in_spend_logs',
    'litellm_key_header_name',
  ],
  ...['enable_jwt_auth', 'litellm_jwtauth', 'custom_auth', 'user_api_key_cache_ttl', 'public_routes'],
  ...['admin_only_routes', 'allowed_routes', 'allowed_ips', 'use_x_forwarded_for', 'user_header_name'],
  ...[
    'user_header_mappings',
    'enforce_user_param',
    'default_team_disabled',
    'reject_clientside_metadata_tags',
  ],
  ...['infer_model_from_keys', 'completion_model', 'key_management_system', 'key_management_settings'],
  ...['database_connection_pool_limit', 'database_connection_timeout', 'supported_db_objects'],
  ...['allow_requests_on_db_unavailable', 'store_prompts_in_cold_storage', 'disable_spend_logs'],
  ...['disable_error_logs', 'disable_spend_updates', 'maximum_spend_logs_retention_period'],
  ...['maximum_spend_logs_retention_interval', 'proxy_batch_write_at', 'proxy_budget_rescheduler_min_time'],
  ...['proxy_budget_rescheduler_max_time', 'use_redis_transaction_buffer', 'global_max_parallel_requests'],
  ...['max_parallel_requests', 'max_request_size_mb', 'max_response_size_mb', 'token_rate_limit_type'],
  ...['always_include_stream_usage', 'forward_client_headers_to_llm_api', 'forward_openai_org_id'],
  ...['forward_llm_provider_auth_headers', 'background_health_checks', 'health_check_interval'],
  ...['health_check_details', 'alerting', 'alerting_threshold', 'ui_access_mode', 'pass_through_endpoints'],
  ...['use_client_credentials_pass_through_routes', 'mcp_internal_ip_ranges', 'mcp_trusted_proxy_ranges'],
  ...['mcp_required_fields', 'mcp_client_side_auth_header_name', 'user_mcp_management_mode', 'skills_mode'],
]

export const topLevelKeys: ReadonlySet<string> = new Set([
  'skills',
  ...[
    'model_list',
    'litellm_settings',
    'router_settings',
    'general_settings',
    'environment_variables',
    'include',
  ],
  ...['credential_list', 'guardrails', 'mcp_servers', 'files_settings', 'callback_settings', 'search_tools'],
  ...['vector_store_registry', 'finetune_settings', 'assistant_settings', 'routeiq', 'agent_list', 'agents'],
])

export const sectionKeys: Readonly<Record<string, ReadonlySet<string>>> = {
  router_settings: new Set([...routingKeys, ...routerKeys]),
  litellm_settings: new Set([...routingKeys, ...litellmKeys]),
  general_settings: new Set([...routingKeys, ...generalKeys]),
}

/** Sections whose features a later release brings, with the words for the warning. */
export const plannedSections: Readonly<Record<string, string>> = {
  guardrails: 'guardrails',
  files_settings: 'files',
  callback_settings: 'callbacks',
  search_tools: 'search tools',
  vector_store_registry: 'vector stores',
  finetune_settings: 'fine-tuning',
  assistant_settings: 'assistants',
}

/** Keys that switch on a feature of a later release when they are true or not empty. */
export const plannedKeys: Readonly<Record<string, readonly string[]>> = {
  litellm_settings: [
    ...['success_callback', 'failure_callback', 'callbacks', 'service_callbacks'],
    ...['network_mock', 'route_all_chat_openai_to_responses'],
  ],
  router_settings: ['enable_health_check_routing', 'enable_weighted_failover', 'routing_groups'],
  general_settings: [
    ...['enable_jwt_auth', 'custom_auth', 'background_health_checks'],
    ...['key_management_system', 'alerting', 'store_prompts_in_spend_logs'],
  ],
}
