import { available, planned, plannedSwitch, type Setting } from './setting.ts'

/** Plugins; evaluation and context optimisation are a later release. */
export const pluginSettings: readonly Setting[] = [
  available(
    'plugins.plugins',
    'list',
    [],
    'Built-in plugins to load: `skills-discovery`',
    ['LLMROUTER_PLUGINS'],
    {
      example: 'skills-discovery',
    },
  ),
  planned('plugins.allowlist', 'list', null, 'Plugins that may load; empty is none', [
    'LLMROUTER_PLUGINS_ALLOWLIST',
  ]),
  planned('plugins.allowed_capabilities', 'list', null, 'Capabilities plugins may have', [
    'LLMROUTER_PLUGINS_ALLOWED_CAPABILITIES',
  ]),
  planned('plugins.failure_mode', 'text', 'continue', 'When a plugin fails', [
    'LLMROUTER_PLUGINS_FAILURE_MODE',
  ]),
  planned('plugins.startup_timeout', 'number', 30, 'Seconds for a plugin to start', [
    'ROUTEIQ_PLUGIN_STARTUP_TIMEOUT',
  ]),
  plannedSwitch('process.evaluator_enabled', 'Evaluator plugins', ['ROUTEIQ_EVALUATOR_ENABLED']),
  plannedSwitch('process.upskill_enabled', 'Upskill evaluator', ['ROUTEIQ_UPSKILL_ENABLED']),
  planned('process.upskill_endpoint', 'text', null, 'Its address', ['ROUTEIQ_UPSKILL_ENDPOINT']),
  planned('process.upskill_cli_path', 'text', null, 'Its program', ['ROUTEIQ_UPSKILL_CLI_PATH']),
  planned('process.upskill_timeout', 'number', null, 'Its time limit', ['ROUTEIQ_UPSKILL_TIMEOUT']),
  plannedSwitch('eval_pipeline.enabled', 'Quality evaluation', ['ROUTEIQ_EVAL_PIPELINE']),
  planned('eval_pipeline.sample_rate', 'number', 0.1, 'Share of answers judged', [
    'ROUTEIQ_EVAL_SAMPLE_RATE',
  ]),
  planned('eval_pipeline.judge_model', 'text', 'gpt-4o-mini', 'Judging model', ['ROUTEIQ_EVAL_JUDGE_MODEL']),
  planned('eval_pipeline.batch_size', 'integer', 10, 'Answers per batch', ['ROUTEIQ_EVAL_BATCH_SIZE']),
  planned('eval_pipeline.feedback_interval', 'number', 300, 'Seconds between updates', [
    'ROUTEIQ_EVAL_FEEDBACK_INTERVAL',
  ]),
  planned(
    'context_optimizer.mode',
    'choice',
    'off',
    'Shortens long conversations',
    ['ROUTEIQ_CONTEXT_OPTIMIZE'],
    {
      choices: ['off', 'safe', 'aggressive'],
      offWords: ['off'],
    },
  ),
  planned('context_optimizer.max_turns', 'integer', 40, 'Turns before it works'),
  planned('context_optimizer.keep_last', 'integer', 20, 'Turns it keeps'),
]
