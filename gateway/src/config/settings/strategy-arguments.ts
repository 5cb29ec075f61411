import type { UnknownRecord } from '../values/coerce.ts'
import { isNothing, isRecord, toBoolean, toNumber } from '../values/coerce.ts'
import { type ConfigSections, sectionWith } from './config-sections.ts'

const numbers = [
  ...[
    'ttl',
    'max_latency_list_size',
    'lowest_latency_buffer',
    'reload_interval',
    'confidence_threshold',
    'session_ttl',
  ],
  ...[
    'quality_threshold',
    'cost_weight',
    'max_cost_per_1k_tokens',
    'cost_refresh_interval',
    'n_neighbors',
    'max_rungs',
  ],
  ...[
    'p_latency_target_ms',
    'remote_timeout_ms',
    'percentile',
    'max_latency_samples',
    'alpha',
    'tenant_buckets',
    'k_factor',
    'seed',
    'lambda',
    'cold_start_kappa',
    'latency_weight',
  ],
]
const booleans = ['hot_reload', 'use_inference_only']
const maps = [
  ...['label_mapping', 'tier_mapping', 'intent_model_groups', 'tag_model_groups', 'regex_model_groups'],
  'user_agent_model_groups',
  'inner_args',
]
const texts = [
  ...['model_path', 'llm_data_path', 'config_path', 'model_s3_bucket', 'model_s3_key', 'embedding_model'],
  ...['embedding_device', 'centroid_dir', 'profile', 'metric', 'inner_strategy'],
  ...['remote_url', 'remote_model', 'remote_api_key', 'module'],
]

interface ArgumentType {
  readonly expected: string
  /** Undefined when the value is of another type. */
  readonly convert: (value: unknown) => unknown
}

function typed(
  names: readonly string[],
  expected: string,
  convert: ArgumentType['convert'],
): [string, ArgumentType][] {
  return names.map((name) => [name, { expected, convert }])
}

const argumentTypes: ReadonlyMap<string, ArgumentType> = new Map([
  ...typed(numbers, 'a number', toNumber),
  ...typed(booleans, 'true or false', toBoolean),
  ...typed(maps, 'a map', (value) => (isRecord(value) ? value : undefined)),
  ...typed(texts, 'text', (value) => (typeof value === 'string' ? value : undefined)),
  // A word for neighbours, a map for chance.
  ...typed(['weights'], 'text or a map', (value) =>
    typeof value === 'string' || isRecord(value) ? value : undefined,
  ),
  ...typed(['rules'], 'a list', (value) => (Array.isArray(value) ? value : undefined)),
])

/** `routing_strategy_args`: a wrong type is an error, an unknown name is passed on with a warning. */
export function readStrategyArguments(sections: ConfigSections): UnknownRecord {
  const section = sectionWith(sections, 'routing_strategy_args')
  if (section === null) return {}
  const path = [...section.path, 'routing_strategy_args']
  const args: UnknownRecord = {}
  for (const [name, value] of Object.entries(section.record('routing_strategy_args'))) {
    if (isNothing(value)) continue
    const type = argumentTypes.get(name)
    args[name] = type === undefined ? value : type.convert(value)
    if (type === undefined)
      sections.report.warn([...path, name], 'unknown argument; it is passed to the strategy')
    else if (args[name] === undefined)
      sections.report.fatal([...path, name], `this should be ${type.expected}`)
  }
  return args
}
