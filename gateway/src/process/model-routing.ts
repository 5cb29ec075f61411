import { randomBytes, randomUUID } from 'node:crypto'
import type { EffectivenessSnapshot } from '@routeiq/router'
import type { GatewayConfig } from '../config/config.ts'
import { ChoiceLog } from '../model-routing/choice-log.ts'
import type { ChoiceStore, KeptChoice, Learning } from '../model-routing/choice-store.ts'
import { decisionEventName } from '../model-routing/decision-event.ts'
import { positionOf } from '../model-routing/describe-decision.ts'
import { ExperimentBook } from '../model-routing/experiments/experiment-book.ts'
import type { ExperimentStore } from '../model-routing/experiments/experiment-store.ts'
import { followExperiment, measureExperiment } from '../model-routing/experiments/judge-experiment.ts'
import { AnswerSamples } from '../model-routing/judging/answer-samples.ts'
import { LearnedOutcomes } from '../model-routing/learned-outcomes.ts'
import { ModelRouter } from '../model-routing/model-router.ts'
import { type Pin, Pins } from '../model-routing/pins.ts'
import type { PreferenceStore } from '../model-routing/preference-store.ts'
import { PromiseWatch } from '../model-routing/promise-watch.ts'
import { findRemote } from '../model-routing/remote-strategy.ts'
import { RepeatedAsks } from '../model-routing/repeated-asks.ts'
import type { FindSkills } from '../model-routing/route-asked.ts'
import { Scorers } from '../model-routing/scorers.ts'
import { ShadowTally } from '../model-routing/shadow-tally.ts'
import { ShareWatch } from '../model-routing/share-watch.ts'
import type { Gateway } from '../pipeline/gateway.ts'
import type { SettledChoice } from '../pipeline/settle-choice.ts'
import type { PluginStrategies } from '../plugins/plugin-strategies.ts'
import { moduleScheme, type StrategyModules } from '../plugins/strategy-modules.ts'
import { InProcessState } from '../storage/shared-state/in-process-state.ts'
import type { Transport } from '../transport/transport.ts'
import type { Hub } from './hub.ts'
import { createAskRemote } from './remote-strategies.ts'
import { openRoutingBundles, type RoutingBundles } from './routing-bundles.ts'
import type { Telemetry } from './telemetry.ts'

const pinChannel = 'routeiq:pins'
const killChannel = 'routeiq:kill-switch'
const killKey = 'routeiq:kill-switch'
const experimentChannel = 'routeiq:routing-experiments'
const experimentEveryMs = 60_000
const killPollMs = 2_000
const killTtlMs = 365 * 86_400_000
const defaultTtlSeconds = 1_800

/** Whether routing is static, and why. */
interface KillSwitchState {
  readonly enabled: boolean
  readonly reason: string
}

export interface ModelRouting extends Omit<RoutingBundles, 'close'> {
  readonly router: ModelRouter
  readonly scorers: Scorers
  readonly pins: Pins
  readonly sharesPins: boolean
  readonly choices: ChoiceStore
  readonly findSkills: FindSkills
  readonly preferences: PreferenceStore
  readonly experiments: ExperimentStore
  readonly experimentBook: ExperimentBook
  /** Tells every process that an experiment has changed. */
  readonly announceExperiments: () => Promise<void>
  readonly metrics: Pick<Telemetry['metrics']['modelChoices'], 'countFeedback' | 'countDrift'>
  readonly choiceLog: ChoiceLog
  readonly shadows: ShadowTally
  /** Answers that will be judged. */
  readonly samples: AnswerSamples
  /** Keeps a choice whose request is over, measures it and tells of it. */
  readonly settle: Gateway['settleChoice']
  readonly outcomes: LearnedOutcomes
  readonly killSwitch: {
    state(): KillSwitchState
    set(state: KillSwitchState): Promise<void>
  }
  close(): Promise<void>
}

export interface ModelRoutingOptions {
  readonly hub: Hub
  readonly telemetry: Telemetry
  /** The way to strategies that are served elsewhere. */
  readonly transport: Transport
  /** Those of plugins, and those that are modules. */
  readonly strategies: PluginStrategies
  readonly modules: StrategyModules
  readonly config: () => GatewayConfig
  /** Reads the configuration again, because another process was told to. */
  readonly reload: () => void
  readonly now: () => number
  /** How the skills of a workspace have gone. */
  readonly skills: (workspaceId: string) => EffectivenessSnapshot
}

/** Puts together what chooses models in one process. */
export async function openModelRouting(options: ModelRoutingOptions): Promise<ModelRouting> {
  const { hub, telemetry, transport, strategies, modules, config, now, skills } = options
  const { logger, metrics } = telemetry
  const sharesPins = !(hub.state instanceof InProcessState)
  const pins = await sharePins(hub, config, sharesPins)
  const kill = await shareKillSwitch(hub)
  const warn = (event: string, error: unknown, fields: object = {}): void =>
    logger.log('warn', event, { ...fields, reason: error instanceof Error ? error.message : String(error) })
  const scorers: Scorers = new Scorers(() => outcomes.rewards)
  const outcomes: LearnedOutcomes = new LearnedOutcomes({
    scorers,
    store: hub.choices,
    preferences: hub.preferences,
    isOn: () => config().modelRouting.learning,
    isPersonal: () => config().modelRouting.hearsOpinions,
    now,
    onRead: ({ cells }) => metrics.modelChoices.setCalibrationError(calibrationError(cells)),
    onError: (error) => warn('routing_outcomes_not_read', error),
  })
  void outcomes.refresh()
  await loadModules(modules, config().modelRouting, (error) => warn('routing_strategy_not_loaded', error))
  const shadows = new ShadowTally()
  const samples = new AnswerSamples()
  const asks = new RepeatedAsks()
  const choiceLog = new ChoiceLog({
    store: hub.choices,
    now,
    onFault: ({ arm }, source, isDrift) => {
      metrics.modelChoices.countFeedback(source)
      if (isDrift) metrics.modelChoices.countDrift(arm)
    },
    onWriteFailed: (error, waiting) => warn('routing_choices_not_written', error, { waiting }),
  })
  const promises = new PromiseWatch({
    store: hub.choices,
    everyMs: () => config().modelRouting.guaranteeIntervalMs,
    now,
    onBroken: ({ router, bundleId }, promise, test) =>
      logger.log('error', 'routing_guarantee_broken', { router, bundle_id: bundleId, ...promise, ...test }),
    onTested: (broken) => metrics.modelChoices.setBrokenPromises(broken),
    onError: (error) => warn('routing_guarantee_not_tested', error),
  })
  void promises.run()
  const shares = new ShareWatch({
    store: hub.choices,
    everyMs: () => config().modelRouting.shareIntervalMs,
    now,
    onMeasured: ({ router, bundleId }, asks) =>
      logger.log('info', 'routing_share_measured', { router, bundle_id: bundleId, asks }),
    onError: (error) => warn('routing_share_not_measured', error),
  })
  const { close: stopWatching, ...bundleParts } = await openRoutingBundles({ ...options, scorers })
  const experimentBook = new ExperimentBook({
    store: hub.experiments,
    onError: (error) => warn('routing_experiments_not_read', error),
  })
  await experimentBook.refresh()
  await hub.state.subscribe(experimentChannel, () => void experimentBook.refresh())
  const stopFollowing = followExperiments(hub, now, (error) => warn('routing_experiment_not_judged', error))
  return {
    router: new ModelRouter({
      scorers,
      pins,
      outcomes,
      skills,
      experiments: experimentBook,
      promises,
      shares,
      isKilled: () => kill.state().enabled,
      askRemote: createAskRemote({
        ...{ transport, now },
        askPlugin: (url, question, ms) => strategies.ask(url, question, ms),
        askModule: (url, question, ms) => modules.ask(url, question, ms),
        onFailed: (origin, error) => warn('routing_strategy_unreachable', error, { origin }),
      }),
      onScorerFailed: (strategy, error) => warn('routing_strategy_failed', error, { strategy }),
      randomBytes,
    }),
    ...{ scorers, pins, sharesPins, choiceLog, outcomes },
    ...bundleParts,
    choices: hub.choices,
    findSkills: async (workspaceId, routingId) => {
      const found = await hub.evidence.findDecision(workspaceId, routingId)
      return found === null
        ? null
        : found.offered.map(({ name, versionId }) => ({ name, version: versionId }))
    },
    preferences: hub.preferences,
    experiments: hub.experiments,
    experimentBook,
    announceExperiments: () => hub.state.publish(experimentChannel, ''),
    metrics: metrics.modelChoices,
    shadows,
    samples,
    settle: (settled) => {
      if (settled.sample !== null) samples.add(settled.sample)
      const { ask, fault } = settled
      const asksAgain = ask === null ? null : asks.note(ask)
      choiceLog.record({ choice: watchAlong(settled, shadows), fault, asksAgain })
      observe(telemetry, settled)
    },
    killSwitch: kill,
    close: async () => {
      kill.close()
      promises.close()
      shares.close()
      stopWatching()
      outcomes.close()
      experimentBook.close()
      stopFollowing()
      await choiceLog.close()
    },
  }
}

/** So that no request waits for the disk. One that cannot be loaded decides nothing, as if it were away. */
async function loadModules(
  modules: StrategyModules,
  { args, routers }: GatewayConfig['modelRouting'],
  onFailed: (error: unknown) => void,
): Promise<void> {
  const urls = [args, ...routers.map((router) => router.args)].flatMap((some) => findRemote(some)?.url ?? [])
  for (const url of new Set(urls)) if (url.startsWith(moduleScheme)) await modules.load(url).catch(onFailed)
}

/** Mean distance between expectation and score over the kinds of asks, by what was judged of them. */
function calibrationError(cells: Learning['cells']): number {
  const weight = cells.reduce((sum, cell) => sum + cell.weight, 0)
  return weight <= 0 ? 0 : cells.reduce((sum, { residual }) => sum + Math.abs(residual), 0) / weight
}

/** The choice as it is kept, with what the strategies that only watch would have done. Nobody waits for them. */
function watchAlong({ kept, choice }: SettledChoice, tally: ShadowTally): KeptChoice {
  const shadow = choice.shadow?.() ?? []
  if (shadow.length === 0) return kept
  const { scores } = choice.decision
  const at = positionOf(choice, choice.chosen)
  tally.add(shadow, { model: choice.chosen, quality: scores.q[at] ?? 0, costUsd: scores.cost[at] ?? 0 })
  return { ...kept, details: { ...kept.details, shadow } }
}

function observe({ metrics, logger }: Telemetry, { choice, kept, event }: SettledChoice): void {
  const { utility } = choice.decision.ranking
  const at = positionOf(choice, choice.chosen)
  metrics.modelChoices.observe({
    isNovel: (choice.decision.novelty?.nu ?? 0) > 0,
    explored: choice.explored,
    affinity: choice.affinity.action,
    regret: Math.max(0, (utility[choice.decision.order[0] ?? 0] ?? 0) - (utility[at] ?? 0)),
  })
  logger.logDecision(decisionEventName, { request_id: kept.requestId, decision_id: kept.decisionId }, event)
}

/** Looks at the experiments under way every minute; several processes that do come to the same. */
function followExperiments(
  { experiments, state }: Hub,
  now: () => number,
  onError: (error: unknown) => void,
): () => void {
  const look = async (): Promise<void> => {
    for (const experiment of await experiments.listExperiments()) {
      if (experiment.state !== 'running') continue
      const { report } = await measureExperiment(experiments, experiment, now())
      const next = followExperiment(experiment, report, now())
      if (next.state === experiment.state) continue
      await experiments.updateExperiment(experiment.state, next)
      await state.publish(experimentChannel, '')
    }
  }
  const timer = setInterval(() => void look().catch(onError), experimentEveryMs)
  timer.unref()
  return () => clearInterval(timer)
}

async function sharePins(hub: Hub, config: () => GatewayConfig, isShared: boolean): Promise<Pins> {
  const origin = randomUUID()
  const announce = (key: string, pin: Pin): void =>
    void hub.state.publish(pinChannel, JSON.stringify({ origin, key, pin })).catch(() => {})
  const pins = new Pins({
    ttlMs: () => {
      const ttl = config().modelRouting.args['session_ttl']
      return (typeof ttl === 'number' ? ttl : defaultTtlSeconds) * 1_000
    },
    announce: isShared ? announce : null,
  })
  if (isShared)
    await hub.state.subscribe(pinChannel, (message) => {
      const notice = JSON.parse(message) as { origin: string; key: string; pin: Pin }
      if (notice.origin !== origin) pins.adopt(notice.key, notice.pin)
    })
  return pins
}

/** The switch of all processes; one that missed the notice finds out within two seconds. */
async function shareKillSwitch(hub: Hub): Promise<ModelRouting['killSwitch'] & { close(): void }> {
  let current: KillSwitchState = { enabled: false, reason: '' }
  const read = async (): Promise<void> => {
    const stored = await hub.state.get(killKey)
    current = stored === null ? { enabled: false, reason: '' } : (JSON.parse(stored) as KillSwitchState)
  }
  await read().catch(() => {})
  await hub.state.subscribe(killChannel, () => void read().catch(() => {}))
  const poll = setInterval(() => void read().catch(() => {}), killPollMs)
  poll.unref()
  return {
    state: () => current,
    set: async (state) => {
      current = state
      if (state.enabled) await hub.state.set(killKey, JSON.stringify(state), killTtlMs)
      else await hub.state.delete(killKey)
      await hub.state.publish(killChannel, '')
    },
    close: () => clearInterval(poll),
  }
}
