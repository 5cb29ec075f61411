import type { ConfigSections } from './config-sections.ts'
import { sectionWith } from './config-sections.ts'

const builtInStrategies = [
  'simple-shuffle',
  'least-busy',
  'latency-based-routing',
  'cost-based-routing',
  'usage-based-routing',
  'usage-based-routing-v2',
] as const

const standard = 'simple-shuffle'

/**
 * The strategy in force. A learned strategy asked for by a variable stops the start, since somebody switched it on
 * for this gateway; in a file, which may be shared with other gateways, it is a warning.
 */
export function chooseStrategy(sections: ConfigSections): string {
  const { settings, report } = sections
  const override = settings.text('routing.strategy_override') ?? settings.text('routing.active_strategy')
  if (override !== null) {
    const problem = strategyProblem(override)
    if (problem !== null) report.fatal('LLMROUTER_ACTIVE_ROUTING_STRATEGY', problem, strategyHint)
    return override
  }
  const section = sectionWith(sections, 'routing_strategy')
  const written = section?.text('routing_strategy') ?? standard
  const problem = strategyProblem(written)
  if (problem === null) return written
  const path = [...(section?.path ?? []), 'routing_strategy']
  if (isLearned(written)) report.warn(path, `${problem}; ${standard} is used`, strategyHint)
  else report.fatal(path, problem, strategyHint)
  return standard
}

const strategyHint = `use one of ${builtInStrategies.join(', ')}`

function isLearned(name: string): boolean {
  return /^(llmrouter|routeiq)-/.test(name)
}

function strategyProblem(name: string): string | null {
  if (builtInStrategies.some((known) => known === name)) return null
  return isLearned(name)
    ? `the strategy ${name} is not available yet`
    : `there is no routing strategy ${name}`
}
