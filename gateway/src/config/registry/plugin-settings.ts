import { available, planned, plannedSwitch, type Setting } from './setting.ts'

/** Plugins, judging answers and shortening prompts. */
export const pluginSettings: readonly Setting[] = [
  available(
    'plugins.plugins',
    'list',
    [],
    'Plugins to load: built-in names, paths of modules, packages; see [plugins.md](plugins.md)',
    ['LLMROUTER_PLUGINS'],
    { example: 'skills-discovery' },
  ),
  available('plugins.allowlist', 'list', null, 'Plugins that may load, as they are written; empty is none', [
    'LLMROUTER_PLUGINS_ALLOWLIST',
  ]),
  available('plugins.allowed_capabilities', 'list', null, 'Capabilities that plugins may declare', [
    'LLMROUTER_PLUGINS_ALLOWED_CAPABILITIES',
  ]),
  available(
    'plugins.failure_mode',
    'choice',
    'continue',
    'What follows when a plugin fails that does not say so itself',
    ['LLMROUTER_PLUGINS_FAILURE_MODE'],
    { choices: ['continue', 'abort', 'quarantine'] },
  ),
  available('plugins.startup_timeout', 'number', 30, 'Seconds for a plugin to start', [
    'ROUTEIQ_PLUGIN_STARTUP_TIMEOUT',
  ]),
  available('process.evaluator_enabled', 'boolean', false, 'Plugins judge the answers of tools and agents', [
    'ROUTEIQ_EVALUATOR_ENABLED',
  ]),
  plannedSwitch('process.upskill_enabled', 'Upskill evaluator', ['ROUTEIQ_UPSKILL_ENABLED']),
  planned('process.upskill_endpoint', 'text', null, 'Its address', ['ROUTEIQ_UPSKILL_ENDPOINT']),
  planned('process.upskill_cli_path', 'text', null, 'Its program', ['ROUTEIQ_UPSKILL_CLI_PATH']),
  planned('process.upskill_timeout', 'number', null, 'Its time limit', ['ROUTEIQ_UPSKILL_TIMEOUT']),
  available(
    'eval_pipeline.enabled',
    'boolean',
    false,
    'A model judges some of the answers of chosen models',
    ['ROUTEIQ_EVAL_PIPELINE'],
  ),
  available('eval_pipeline.sample_rate', 'number', 0.1, 'Share of answers judged', [
    'ROUTEIQ_EVAL_SAMPLE_RATE',
  ]),
  available('eval_pipeline.judge_model', 'text', 'gpt-4o-mini', 'Judging model', [
    'ROUTEIQ_EVAL_JUDGE_MODEL',
  ]),
  available(
    'eval_pipeline.judge_models',
    'list',
    [],
    'More judging models, for answers of a model that is of one family with the first',
    [],
    { example: 'claude-haiku,gemini-flash' },
  ),
  available('eval_pipeline.batch_size', 'integer', 10, 'Answers judged at a time, every ten seconds', [
    'ROUTEIQ_EVAL_BATCH_SIZE',
  ]),
  available('eval_pipeline.feedback_interval', 'number', 300, 'Seconds after which scores teach', [
    'ROUTEIQ_EVAL_FEEDBACK_INTERVAL',
  ]),
  available('eval_pipeline.daily_budget', 'number', 1, 'USD that judging may cost a day'),
  available(
    'context_optimizer.mode',
    'choice',
    'off',
    'Takes out of prompts what a model can do without; see [context-optimizer.md](context-optimizer.md)',
    ['ROUTEIQ_CONTEXT_OPTIMIZE'],
    { choices: ['off', 'safe', 'aggressive'] },
  ),
  available(
    'context_optimizer.max_turns',
    'integer',
    40,
    'Longer conversations are trimmed under `aggressive`',
  ),
  available('context_optimizer.keep_last', 'integer', 20, 'Turns that stay of them'),
]
