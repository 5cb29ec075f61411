import { startHarness } from './measure/harness.js'
import { runProgram } from './measure/run-program.js'
import { judgeMetric } from './metrics/judge-metric.js'
import { measureScenario } from './metrics/measure-scenario.js'
import { formatScenario, formatVerdicts } from './report/format-report.js'
import { SMALL } from './subjects/requests.js'
import { formatDeployment, startRouteiq } from './subjects/routeiq.js'

const GROUPS = 1000
const DEPLOYMENTS_A_GROUP = 10
const ROUNDS = 5
const SECONDS = 3

const METRIC = {
  id: 'flatness',
  title: 'requests/s with 10 000 deployments in 1 000 groups ÷ with 10 in 1',
  peers: ['small'],
  bound: 'least',
  goal: 0.95,
  moonshot: 1,
  value: ({ product, small }) => product.perSecond / small.perSecond,
}

/** The same by what a request costs, which other programs on the machine disturb less. */
const BY_CPU = {
  ...METRIC,
  id: 'by CPU',
  title: 'CPU a request with 10 deployments ÷ with 10 000 in 1 000 groups',
  value: ({ product, small }) => cpuOf(small) / cpuOf(product),
}

const cpuOf = ({ cpuSeconds, requests }) => cpuSeconds / requests

function listModels(groups) {
  return Array.from({ length: groups }, (_, group) => `bench-group-${group}`)
}

async function startWith(name, groups, { mockPort }) {
  const deployments = listModels(groups).flatMap((model) =>
    Array.from({ length: DEPLOYMENTS_A_GROUP }, (_, member) => {
      const deployment = formatDeployment(model, mockPort)
      deployment.litellm_params.api_key = `sk-upstream-${member}`
      return deployment
    }),
  )
  const started = await startRouteiq({ name, deployments })
  const shapes = listModels(groups).map((model) => ({ ...SMALL, body: { ...SMALL.body, model } }))
  return { ...started, shapes }
}

await runProgram(async () => {
  const harness = await startHarness()
  const subjects = new Map([
    ['small', await startWith('flatness-small', 1, harness)],
    ['product', await startWith('flatness-large', GROUPS, harness)],
  ])
  const scenario = {
    id: 'flatness',
    job: (seconds, { shapes }) => ({ mode: 'closed', connections: 64, seconds, shapes }),
  }
  const report = (line) => console.log(line)
  const results = await measureScenario({
    scenario,
    subjects,
    harness,
    seconds: SECONDS,
    rounds: ROUNDS,
    report,
  })
  console.log(formatScenario('small requests to every group in turn, 64 connections', results))
  console.log(formatVerdicts([METRIC, BY_CPU].map((metric) => judgeMetric(metric, results))))
})
