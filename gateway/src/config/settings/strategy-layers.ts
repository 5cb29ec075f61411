import { createScorer, findStrategy } from '@routeiq/router'
import type { UnknownRecord } from '../values/coerce.ts'
import type { ConfigSections } from './config-sections.ts'
import type { StrategyChoice } from './strategy.ts'

/** A section of `routeiq:` that switches a strategy on, and which of its settings are arguments. */
interface StrategySection {
  readonly section: string
  readonly strategy: string
  readonly args: readonly string[]
}

/** They leave the choice among what they allow to the strategy within; from the inside out. */
const layers: readonly StrategySection[] = [
  {
    section: 'capability_routing',
    strategy: 'llmrouter-capability',
    args: ['strict', 'tier_order', 'default_tier', 'model_tiers', 'complex_min_tier', 'simple_min_tier'],
  },
  {
    section: 'semantic_intent',
    strategy: 'llmrouter-semantic-intent',
    args: ['intent_model_groups', 'similarity_threshold'],
  },
  {
    section: 'tag_routing',
    strategy: 'llmrouter-tag-regex-ua',
    args: ['tag_model_groups', 'regex_model_groups', 'user_agent_model_groups'],
  },
  {
    section: 'latency_aware',
    strategy: 'llmrouter-latency-sla',
    args: ['p_latency_target_ms', 'percentile', 'max_latency_samples'],
  },
  {
    section: 'cost_cascade',
    strategy: 'llmrouter-cascade',
    args: ['confidence_threshold', 'max_rungs', 'buffer_stream', 'latency_budget_ms'],
  },
]

/** They estimate themselves, so that only one can be the strategy. */
const estimators: readonly StrategySection[] = [
  { section: 'kumaraswamy_thompson', strategy: 'llmrouter-bandit', args: ['cold_start_kappa'] },
  { section: 'linucb', strategy: 'llmrouter-linucb', args: ['alpha', 'tenant_buckets'] },
]

/** What every layer is told beside its own arguments. */
const shared = ['profile', 'lambda', 'label_mapping', 'model_path', 'reload_interval', 'session_ttl']

export interface LayeredStrategy {
  /** Chooses among models. */
  readonly strategy: string
  readonly args: UnknownRecord
}

/** The strategy of `auto`: what `routing_strategy` or a section names, within the layers that sections switch on. */
export function readLayeredStrategy(
  sections: ConfigSections,
  { chosen, args }: StrategyChoice,
): LayeredStrategy {
  const { settings } = sections
  const named = chosen.model ?? chooseEstimator(sections) ?? 'llmrouter-auto'
  const runs = findStrategy(named)?.implementedBy ?? named
  const own = [...layers, ...estimators].find(({ strategy }) => strategy === runs)
  const base = {
    strategy: named,
    args: { ...(own === undefined ? {} : readArgs(sections, own)), ...(chosen.model === null ? {} : args) },
  }
  const common = Object.fromEntries(Object.entries(base.args).filter(([name]) => shared.includes(name)))
  return layers
    .filter(({ section, strategy }) => settings.boolean(`${section}.enabled`) && strategy !== runs)
    .reduce<LayeredStrategy>((inner, layer) => {
      const layerArgs = readArgs(sections, layer)
      requireUsable(sections, layer, layerArgs)
      const within = { inner_strategy: inner.strategy, inner_args: inner.args }
      return { strategy: layer.strategy, args: { ...common, ...layerArgs, ...within } }
    }, base)
}

/** Null where none is switched on. */
function chooseEstimator({ settings, report }: ConfigSections): string | null {
  const [first, second] = estimators.filter(({ section }) => settings.boolean(`${section}.enabled`))
  if (second !== undefined)
    report.fatal(
      ['routeiq', second.section, 'enabled'],
      `${first?.section} is switched on too; only one can choose models`,
      'switch one of them off',
    )
  return first?.strategy ?? null
}

/** Only what somebody set: the strategy has defaults of its own. */
function readArgs({ settings }: ConfigSections, { section, args }: StrategySection): UnknownRecord {
  const given = args
    .filter((name) => settings.isGiven(`${section}.${name}`))
    .map((name) => [name, settings.value(`${section}.${name}`)] as const)
  return {
    ...Object.fromEntries(given),
    ...(section === 'kumaraswamy_thompson' && readRewardWeights(settings)),
  }
}

/** What cost weighs against quality is λ; what latency does, the bandit's own weight of it. */
function readRewardWeights(settings: ConfigSections['settings']): UnknownRecord {
  const [cost, quality, latency] = [
    'kumaraswamy_thompson.w_cost',
    'kumaraswamy_thompson.w_quality',
    'kumaraswamy_thompson.w_latency',
  ] as const
  const weight = settings.number(quality)
  if (!(weight > 0)) return {}
  const setsCost = settings.isGiven(cost) || settings.isGiven(quality)
  return {
    ...(setsCost && { lambda: settings.number(cost) / weight }),
    ...(settings.isGiven(latency) && { latency_weight: settings.number(latency) / weight }),
  }
}

function requireUsable(
  { report }: ConfigSections,
  { section, strategy }: StrategySection,
  args: UnknownRecord,
): void {
  try {
    createScorer(strategy, args, { trained: null, usePrior: true, rewards: null })
  } catch (error) {
    report.fatal(['routeiq', section], (error as Error).message)
  }
}
