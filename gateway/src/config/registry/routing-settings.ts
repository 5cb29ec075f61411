import { accepted, available, planned, plannedRequest, type Setting } from './setting.ts'

/** How a model is chosen. */
export const routingSettings: readonly Setting[] = [
  available(
    'routing.active_strategy',
    'text',
    null,
    'Overrides the routing strategy of the file',
    ['LLMROUTER_ACTIVE_ROUTING_STRATEGY', 'ROUTEIQ_ROUTING_STRATEGY'],
    { example: 'least-busy' },
  ),
  available('routing.strategy_override', 'text', null, 'Overrides the active strategy as well', [], {
    example: 'least-busy',
  }),
  available(
    'router_settings.max_fallbacks',
    'integer',
    5,
    'Fallback groups tried for one request',
    ['ROUTER_MAX_FALLBACKS'],
    { file: ['router_settings.max_fallbacks', 'litellm_settings.max_fallbacks'] },
  ),
  plannedRequest('routing.strategy_weights', 'json', 'Traffic split between strategies', [
    'LLMROUTER_STRATEGY_WEIGHTS',
  ]),
  planned('routing.experiment_id', 'text', null, 'Name of an experiment', ['LLMROUTER_EXPERIMENT_ID']),
  plannedRequest('routing.experiment_config', 'json', 'Experiment between strategies', [
    'LLMROUTER_EXPERIMENT_CONFIG',
  ]),
  accepted('process.use_pipeline', 'boolean', true, 'The pipeline is always used', [
    'LLMROUTER_USE_PIPELINE',
  ]),
  accepted('process.router_callback_enabled', 'boolean', true, 'The pipeline is always used', [
    'LLMROUTER_ROUTER_CALLBACK_ENABLED',
  ]),
  accepted('process.use_plugin_strategy', 'boolean', true, 'The pipeline is always used', [
    'ROUTEIQ_USE_PLUGIN_STRATEGY',
  ]),
]
