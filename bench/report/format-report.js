import { spreadOf } from '../measure/statistics.js'
import { formatSpread } from './format-number.js'
import { formatTable } from './format-table.js'

const COLUMNS = {
  'requests/s': (round) => round.perSecond,
  'events/s': (round) => round.eventsPerSecond,
  'p50 ms': (round) => round.latency?.p50,
  'p99 ms': (round) => round.latency?.p99,
  'first token p50 ms': (round) => round.firstToken?.p50,
  'CPU µs a request': (round) => (round.cpuSeconds / round.requests) * 1e6,
  'PSS MB': (round) => round.pssMb,
  'load core busy %': (round) => round.loadShare * 100,
}

/**
 * What each subject did in one scenario: median (minimum–maximum) of its rounds.
 * @param {string} title
 * @param {Record<string, object[]>} results
 */
export function formatScenario(title, results) {
  const subjects = Object.entries(results)
  const used = Object.entries(COLUMNS).filter(([, read]) => read(subjects[0][1][0]) !== undefined)
  const heading = ['subject', ...used.map(([name]) => name), 'noisy rounds']
  const rows = subjects.map(([name, rounds]) => [
    name,
    ...used.map(([, read]) => formatSpread(spreadOf(rounds.map(read)))),
    String(rounds.filter((round) => round.noisy).length),
  ])
  return `\n${title}\n${formatTable([heading, ...rows])}`
}

/** @param {ReturnType<typeof import('../metrics/judge-metric.js').judgeMetric>[]} verdicts */
export function formatVerdicts(verdicts) {
  const heading = ['id', 'metric', 'goal', 'moonshot', 'measured', 'verdict']
  const rows = verdicts.map(({ metric, missing, measured, noisy, goalMet, moonshotMet }) => {
    const sign = metric.bound === 'least' ? '≥' : '≤'
    const start = [metric.id, metric.title, `${sign} ${metric.goal}`, `${sign} ${metric.moonshot}`]
    if (missing.length > 0) return [...start, '–', `skipped: no ${missing.join(', ')}`]
    const verdict = moonshotMet ? 'moonshot' : goalMet ? 'goal met' : 'MISSED'
    return [...start, formatSpread(measured), noisy ? `${verdict} (noisy)` : verdict]
  })
  return `\nRatios: median (minimum–maximum) of the rounds\n${formatTable([heading, ...rows])}`
}
