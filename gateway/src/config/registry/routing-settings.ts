import { accepted, available, type Setting } from './setting.ts'

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
  available(
    'routing.strategy_weights',
    'json',
    null,
    'Traffic split between strategies that choose models',
    ['LLMROUTER_STRATEGY_WEIGHTS'],
    {
      example: '{"llmrouter-auto": 90, "llmrouter-bandit": 10}',
    },
  ),
  available('routing.experiment_id', 'text', null, 'Name of the split', ['LLMROUTER_EXPERIMENT_ID'], {
    example: 'bandit-trial',
  }),
  available(
    'routing.experiment_config',
    'json',
    null,
    'Experiment between strategies that choose models',
    ['LLMROUTER_EXPERIMENT_CONFIG'],
    {
      example: '{"id": "trial", "variants": [{"name": "a", "strategy": "llmrouter-auto", "weight": 1}]}',
    },
  ),
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
