import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { removeDirectory, temporaryDirectory } from './harness/data-directory.ts'
import { deployment } from './harness/deployments.ts'
import { chatCompletion } from './harness/openai-wire.ts'
import { runProduct } from './harness/run-product.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { respond } from './harness/steps.ts'

let upstream: ScriptedUpstream
let gateway: Gateway
let directory: string

/** USD for a call in the data, and for a million tokens. */
const prices = { tiny: 0.01, fair: 0.8, good: 1, large: 100 }
const names = Object.keys(prices)
const subjects = ['apples', 'pears', 'plums', 'cherries', 'grapes', 'melons', 'figs', 'dates']
const easy = (index: number): string =>
  `How many ${subjects[index % 8]} are left when ${index} are shared by 5?`
const hard = (index: number): string =>
  `Calculate the integral of the ${subjects[index % 8]} theorem over ${index} dimensions. Which number is it?`

/** The good model counts better than the large one; of integrals it is right about every other, and so is the fair one. The tiny one guesses. */
function rows(count: number): string {
  return Array.from({ length: count }, (_, index) => {
    const isEasy = index % 2 === 0
    const scores = isEasy
      ? [0, index % 5 > 0 ? 1 : 0, 1, index % 20 > 0 ? 1 : 0]
      : [0, index % 4 > 1 ? 1 : 0, index % 8 > 3 ? 1 : 0, 1]
    const row = {
      ...{ id: `r${index}`, task: isEasy ? 'count' : 'integral', prompt: isEasy ? easy(index) : hard(index) },
      ...{ s: scores, c: Object.values(prices), ag: scores.map((score, at) => (score === 1 ? 0 : at + 1)) },
    }
    return JSON.stringify(index === 0 ? { models: names, ...row } : row)
  }).join('\n')
}

const run = async (...argv: string[]) => {
  const product = runProduct(argv, {}, directory)
  const { code } = await product.exited
  return { code, stdout: product.stdout(), stderr: product.stderr() }
}

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  directory = await temporaryDirectory()
  const data = join(directory, 'data.jsonl')
  writeFileSync(data, rows(400))
  const bundle = join(directory, 'bundle')
  const trained = await run('train', '--data', data, '--out', bundle)
  expect(trained, trained.stderr).toMatchObject({ code: 0 })
  expect(trained.stdout).toContain('agreement cascade: fair and good, then large: ')
  expect((await run('bundle', 'inspect', '--bundle', bundle)).stdout).toContain('agreement cascade: fair and')
  gateway = await startGateway({
    config: {
      model_list: Object.entries(prices).map(([name, price]) =>
        deployment(
          name,
          upstream.openaiBase,
          { input_cost_per_token: price / 1e6, output_cost_per_token: price / 1e6 },
          { id: name },
        ),
      ),
      router_settings: { routing_strategy: 'llmrouter-auto', routing_strategy_args: { model_path: bundle } },
      routeiq: { routing: { routers: { careful: { strategy: 'llmrouter-cascade', models: names } } } },
    },
  })
}, 120_000)

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
  await removeDirectory(directory)
})

beforeEach(() => upstream.reset())

const counts = (): number[] => names.map((name) => upstream.requestsFor(name).length)
const route = async (query: string) =>
  (await call(gateway.url, '/router/route', { key: masterKey, body: { query, model: 'careful' } })).json()

it('asks the two models that agreed best in training, not the cheapest two', async () => {
  expect((await route(hard(801))).explain.cascade).toMatchObject({
    ...{ mode: 'agreement', first: 'fair', second: 'good', strong: 'large', comparator: 'number' },
  })
})

it('asks one cheap model alone where the strong one was no better', async () => {
  const ask = easy(802)
  const told = await route(ask)
  expect(told.explain.cascade ?? null).toBeNull()
  expect(told.reasons ?? told.explain.reasons).toContain('cheap_model_is_enough')
  upstream.script('good', respond(200, chatCompletion({ content: 'The answer is 160.' })))
  const answer = await call(gateway.url, '/v1/chat/completions', {
    key: masterKey,
    body: { model: 'careful', messages: [{ role: 'user', content: ask }] },
  })
  expect(answer.json().choices[0].message.content).toBe('The answer is 160.')
  expect(answer.headers['x-routeiq-selected-arm']).toBe('good')
  expect(counts()).toEqual([0, 0, 1, 0])
})
