import { canRun, findStrategy } from '@routeiq/router'
import { isRecord, type UnknownRecord } from '../values/coerce.ts'
import type { ConfigSections } from './config-sections.ts'
import { sectionWith } from './config-sections.ts'
import { readStrategyArguments } from './strategy-arguments.ts'

const builtInStrategies = [
  'simple-shuffle',
  'least-busy',
  'latency-based-routing',
  'cost-based-routing',
  'usage-based-routing',
  'usage-based-routing-v2',
] as const

const standard = 'simple-shuffle'

/** `routing_strategy` with its arguments. */
export interface StrategyChoice {
  readonly chosen: ChosenStrategy
  readonly args: Readonly<Record<string, unknown>>
}

/** What `routing_strategy` asks for. */
interface ChosenStrategy {
  /** Chooses among the deployments of one model. */
  readonly balancing: string
  /** Chooses among models, as written; null when models are only chosen by name. */
  readonly model: string | null
}

export function readStrategyChoice(sections: ConfigSections): StrategyChoice {
  return { chosen: chooseStrategy(sections), args: readStrategyArguments(sections) }
}

/**
 * The strategy in force. One that is not available stops the start when a variable asks for it, since somebody switched it
 * on for this gateway; in a file, which may be shared with other gateways, it is a warning.
 */
function chooseStrategy(sections: ConfigSections): ChosenStrategy {
  const { settings, report } = sections
  const override = settings.text('routing.strategy_override') ?? settings.text('routing.active_strategy')
  if (override !== null) {
    const problem = strategyProblem(override, rawArgs(sections))
    if (problem !== null) report.fatal('LLMROUTER_ACTIVE_ROUTING_STRATEGY', problem, strategyHint)
    return split(override, sections)
  }
  const section = sectionWith(sections, 'routing_strategy')
  const written = section?.text('routing_strategy') ?? standard
  const problem = strategyProblem(written, rawArgs(sections))
  if (problem === null) return split(written, sections)
  const path = [...(section?.path ?? []), 'routing_strategy']
  if (findStrategy(written) === null || settings.boolean('routing.strict_strategies')) {
    report.fatal(path, problem, strategyHint)
    return { balancing: standard, model: null }
  }
  report.warn(path, `${problem}; llmrouter-auto takes its place`, strategyHint)
  return split(written, sections)
}

const strategyHint = `use one of ${builtInStrategies.join(', ')}, or an llmrouter-* strategy that GET /router/info lists`

/** A strategy that chooses models leaves deployments to `inner_strategy`, or else to what the file balances by. */
function split(name: string, sections: ConfigSections): ChosenStrategy {
  if (isBuiltIn(name)) return { balancing: name, model: null }
  const inner = rawArgs(sections)['inner_strategy']
  const written = sectionWith(sections, 'routing_strategy')?.text('routing_strategy')
  const balancing = [inner, written].find((found) => typeof found === 'string' && isBuiltIn(found))
  return { balancing: typeof balancing === 'string' ? balancing : standard, model: name }
}

function isBuiltIn(name: string): boolean {
  return builtInStrategies.some((known) => known === name)
}

function strategyProblem(name: string, args: UnknownRecord): string | null {
  if (isBuiltIn(name)) return null
  if (findStrategy(name) === null) return `there is no routing strategy ${name}`
  return canRun(name, args)
    ? null
    : `the strategy ${name} is not available without remote_url${name === 'llmrouter-custom' ? ' or module' : ''}`
}

function rawArgs(sections: ConfigSections): UnknownRecord {
  const args = sectionWith(sections, 'routing_strategy_args')?.values['routing_strategy_args']
  return isRecord(args) ? args : {}
}
