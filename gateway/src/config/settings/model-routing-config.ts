import { canRun, findStrategy } from '@routeiq/router'
import { z } from 'zod'
import type {
  ExperimentConfig,
  JudgingConfig,
  ModelRoutingConfig,
  RouterConfig,
  RoutingProfile,
} from '../config.ts'
import type { ConfigSections } from './config-sections.ts'
import type { StrategyChoice } from './strategy.ts'
import { readLayeredStrategy } from './strategy-layers.ts'

const defaultReloadSeconds = 300
const dayMs = 86_400_000
/** The strategy that heeds what a user said, whatever the setting says of others. */
const personalStrategy = 'llmrouter-personalized'
const standardJudge = 'gpt-4o-mini'
const profiles = ['auto', 'eco', 'premium', 'free', 'reasoning'] as const

/** Arguments of the bundle that all routers share. */
const ofAllRouters = ['model_path', 'label_mapping', 'reload_interval']

const routersSchema = z.record(
  z.string().min(1).max(128),
  z.strictObject({
    models: z.array(z.string().min(1)).min(1).nullish(),
    strategy: z.string().default('llmrouter-auto'),
    // What a strategy of its own takes is checked where it is made; these two are the router's, written in either place.
    args: z
      .looseObject({ profile: z.enum(profiles).nullish(), lambda: z.number().min(0).nullish() })
      .default({}),
    profile: z.enum(profiles).nullish(),
    lambda: z.number().min(0).nullish(),
  }),
)

/** `routeiq.routing` and what an `llmrouter-*` strategy is told. */
export function readModelRoutingConfig(sections: ConfigSections, choice: StrategyChoice): ModelRoutingConfig {
  const { settings } = sections
  const { strategy, args } = readLayeredStrategy(sections, choice)
  const routers = readRouters(sections)
  requireListed(sections, args, ['routing_strategy_args'])
  const profile = profiles.find((name) => name === settings.text('routing.default_profile'))
  const asked = args['profile'] as RoutingProfile | undefined
  return {
    strategy,
    choosesInGroups: choice.chosen.model !== null,
    args,
    defaultProfile: (settings.isOverridden('routing.default_profile') ? profile : asked) ?? profile ?? 'auto',
    routers,
    usePrior: settings.boolean('routing.use_prior') && settings.boolean('routing.centroid_enabled'),
    experiment: readExperiment(sections),
    bundlePath: (args['model_path'] as string | undefined) ?? settings.text('process.model_path'),
    shadows: readShadows(sections),
    bundlesPath: settings.text('process.models_path'),
    trustedKeys: settings.boolean('security.enforce_signed_models') ? readKeys(sections) : [],
    labels: readLabels(args['label_mapping']),
    reloadIntervalMs: ((args['reload_interval'] as number | undefined) ?? defaultReloadSeconds) * 1_000,
    learning: settings.boolean('routing.learning'),
    implicitFeedback: settings.boolean('routing.implicit_feedback'),
    harnessTags: readHarnessTags(sections),
    skillShift: settings.boolean('routing.skill_shift'),
    exploreRate: Math.min(1, Math.max(0, settings.number('routing.explore_rate'))),
    guaranteeIntervalMs: Math.max(1, settings.number('routing.guarantee_interval')) * 1_000,
    shareIntervalMs: Math.max(1, settings.number('routing.share_interval')) * 1_000,
    baselineModel: settings.text('routing.baseline_model'),
    personal: settings.boolean('routing.personalized_enabled'),
    hearsOpinions:
      settings.boolean('routing.personalized_enabled') ||
      [choice.chosen.model, ...routers.map(({ strategy }) => strategy)].includes(personalStrategy),
    feedbackWindowMs: settings.number('routing.feedback_window_days') * dayMs,
    freeStrict: settings.boolean('routing.free_strict'),
    strictStrategies: settings.boolean('routing.strict_strategies'),
    killSwitch: settings.boolean('routing.kill_switch'),
    judging: readJudging(sections),
  }
}

function readJudging(sections: ConfigSections): JudgingConfig | null {
  const { settings, report, litellm } = sections
  if (!settings.boolean('eval_pipeline.enabled')) return null
  if (litellm.boolean('turn_off_message_logging') === true) {
    report.warn(
      ['routeiq', 'eval_pipeline', 'enabled'],
      'no answer is judged: `turn_off_message_logging` keeps texts within their requests',
    )
    return null
  }
  return {
    sampleRate: Math.min(1, Math.max(0, settings.number('eval_pipeline.sample_rate'))),
    models: [
      settings.text('eval_pipeline.judge_model') ?? standardJudge,
      ...settings.list('eval_pipeline.judge_models'),
    ],
    batchSize: Math.max(1, settings.number('eval_pipeline.batch_size')),
    feedbackIntervalMs: settings.number('eval_pipeline.feedback_interval') * 1_000,
    dailyBudgetUsd: Math.max(0, settings.number('eval_pipeline.daily_budget')),
  }
}

const experimentSchema = z.object({
  id: z.string().min(1).max(128).default('default'),
  enabled: z.boolean().default(true),
  variants: z
    .array(z.object({ name: z.string().min(1), strategy: z.string(), weight: z.number().int().min(0) }))
    .min(1),
})
const weightsSchema = z.record(z.string(), z.number().int().min(0))

/** `experiment_config`, else `strategy_weights` with a variant of its own name for each strategy. */
function readExperiment({ settings, report }: ConfigSections): ExperimentConfig | null {
  const weights = settings.json('routing.strategy_weights')
  const id = settings.text('routing.experiment_id')
  const written = settings.json('routing.experiment_config')
  if (written === null && weights === null) return null
  const parsedWeights = weightsSchema.safeParse(weights ?? {})
  const variants = Object.entries(parsedWeights.data ?? {}).map(([name, weight]) => ({
    name,
    strategy: name,
    weight,
  }))
  const parsed = experimentSchema.safeParse(written ?? { ...(id === null ? {} : { id }), variants })
  const path = ['routeiq', 'routing', written === null ? 'strategy_weights' : 'experiment_config']
  for (const issue of [...(parsedWeights.error?.issues ?? []), ...(parsed.error?.issues ?? [])])
    report.fatal([...path, ...issue.path.map(String)], issue.message)
  for (const { strategy } of parsed.data?.variants ?? [])
    if (findStrategy(strategy)?.status === undefined || findStrategy(strategy)?.status === 'not_available')
      report.fatal(path, `the strategy ${strategy} is not available to choose models`)
  return parsed.data === undefined || !parsed.data.enabled
    ? null
    : { id: id ?? parsed.data.id, variants: parsed.data.variants }
}

const shadowSchema = z.array(
  z.strictObject({
    strategy: z.string(),
    args: z.record(z.string(), z.unknown()).default({}),
    sample: z.number().min(0).max(1).default(1),
  }),
)

function readShadows({ settings, report }: ConfigSections): ModelRoutingConfig['shadows'] {
  const path = ['routeiq', 'routing', 'shadow']
  const parsed = shadowSchema.safeParse(settings.json('routing.shadow') ?? [])
  for (const issue of parsed.error?.issues ?? [])
    report.fatal([...path, ...issue.path.map(String)], issue.message)
  for (const { strategy } of parsed.data ?? [])
    if ((findStrategy(strategy)?.status ?? 'not_available') === 'not_available')
      report.fatal(path, `the strategy ${strategy} is not available to choose models`)
  return parsed.data ?? []
}

/** PEM texts of Ed25519 public keys. */
function readKeys({ settings, report }: ConfigSections): readonly string[] {
  const keys = settings.list('routing.trusted_keys')
  keys.forEach((key, at) => {
    if (!key.includes('-----BEGIN PUBLIC KEY-----'))
      report.fatal(
        ['routeiq', 'routing', 'trusted_keys', String(at)],
        'is no public key in PEM (`-----BEGIN PUBLIC KEY-----`)',
      )
  })
  return keys
}

/** They become part of a pattern. */
function readHarnessTags({ settings, report }: ConfigSections): readonly string[] {
  const tags = settings.list('routing.harness_tags')
  tags.forEach((tag, at) => {
    if (!/^[A-Za-z](?:[\w-]{0,62}\w)?$/.test(tag))
      report.fatal(
        ['routeiq', 'routing', 'harness_tags', String(at)],
        `is the name of no tag: ${tag} (letters, digits, - and _)`,
      )
  })
  return tags
}

function readLabels(mapping: unknown): Readonly<Record<string, string>> {
  if (typeof mapping !== 'object' || mapping === null) return {}
  return Object.fromEntries(Object.entries(mapping).map(([label, name]) => [label, String(name)]))
}

/** A strategy that is a module is code of the operator like a plugin, and admitted by the same list. */
function requireListed(
  { settings, report }: Pick<ConfigSections, 'settings' | 'report'>,
  args: Readonly<Record<string, unknown>>,
  path: readonly string[],
): void {
  const { module, inner_args: inner } = args
  if (typeof inner === 'object' && inner !== null)
    requireListed({ settings, report }, inner as typeof args, [...path, 'inner_args'])
  if (typeof module !== 'string' || settings.json('plugins.allowlist') === null) return
  if (!settings.list('plugins.allowlist').includes(module))
    report.fatal([...path, 'module'], `LLMROUTER_PLUGINS_ALLOWLIST does not name ${module}`)
}

function readRouters(sections: ConfigSections): readonly RouterConfig[] {
  const { settings, report } = sections
  const path = ['routeiq', 'routing', 'routers']
  const parsed = routersSchema.safeParse(settings.json('routing.routers') ?? {})
  for (const issue of parsed.error?.issues ?? [])
    report.fatal([...path, ...issue.path.map(String)], issue.message)
  return Object.entries(parsed.data ?? {}).map(([name, router]) => {
    const at = [...path, name, 'strategy']
    requireListed(sections, router.args, [...path, name, 'args'])
    if (findStrategy(router.strategy) === null)
      report.fatal(at, `there is no strategy ${router.strategy} that chooses models`)
    else if (!canRun(router.strategy, router.args))
      report.warn(at, `the strategy ${router.strategy} is not available; llmrouter-auto takes its place`)
    for (const argument of ofAllRouters)
      if (router.args[argument] !== undefined)
        report.warn(
          [...path, name, 'args', argument],
          'has no effect in a router: all of them share one bundle',
          'set it in router_settings.routing_strategy_args',
        )
    return {
      name,
      models: router.models ?? null,
      strategy: router.strategy,
      args: router.args,
      profile: router.profile ?? router.args.profile ?? null,
      lambda: router.lambda ?? router.args.lambda ?? null,
    }
  })
}
