import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, call } from './harness/call-gateway.ts'
import { removeDirectory, temporaryDirectory } from './harness/data-directory.ts'
import { deployment } from './harness/deployments.ts'
import { runProduct } from './harness/run-product.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'

let upstream: ScriptedUpstream
let gateway: Gateway
let directory: string

const subjects = ['oak', 'pine', 'birch', 'maple', 'cedar', 'willow', 'larch', 'elm']
const poem = (index: number): string =>
  `write a gentle poem in rhymes about the ${subjects[index % 8]} number ${index}`
const sum = (index: number): string =>
  `calculate the integral over the ${subjects[index % 8]} number ${index}`

/** The small model costs a hundredth; it is good at sums and bad at poems. The large one fails at a few sums. */
function rowsOf(count: number): string {
  return Array.from({ length: count }, (_, index) => {
    const isPoem = index % 2 === 0
    const prompt = isPoem ? poem(index) : sum(index)
    const scores = [index % 16 === 1 ? 0 : 1, isPoem ? 0 : 1]
    const row = { id: `r${index}`, task: isPoem ? 'poem' : 'sum', prompt, s: scores, c: [0.01, 0.0001] }
    return JSON.stringify(index === 0 ? { models: ['large', 'small'], ...row } : row)
  }).join('\n')
}

async function run(...argv: string[]) {
  const product = runProduct(argv, {}, directory)
  const { code } = await product.exited
  return { code, stdout: product.stdout(), stderr: product.stderr() }
}

const router = (strategy: string, args: object = {}, lambda?: number): object => ({
  ...{ strategy, args },
  ...(lambda !== undefined && { lambda }),
})

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  directory = await temporaryDirectory()
  const data = join(directory, 'rows.jsonl')
  writeFileSync(data, rowsOf(160))
  const bundle = join(directory, 'bundle')
  const strategies = 'llmrouter-auto,llmrouter-kmeans,llmrouter-linucb,llmrouter-elo'
  const trained = await run('train', '--data', data, '--out', bundle, '--strategy', strategies)
  expect(trained, trained.stderr).toMatchObject({ code: 0 })
  gateway = await startGateway({
    config: {
      model_list: ['small', 'large'].map((name, index) =>
        deployment(
          name,
          upstream.openaiBase,
          { input_cost_per_token: (1 + 99 * index) * 1e-7, output_cost_per_token: (1 + 99 * index) * 4e-7 },
          { id: name },
        ),
      ),
      routeiq: {
        routing: {
          routers: {
            thrifty: router('llmrouter-kmeans', { alpha: 0.2 }),
            proud: router('llmrouter-kmeans', { alpha: 0.9 }),
            clusters: router('llmrouter-kmeans'),
            apart: router('llmrouter-linucb', { tenant_buckets: 64 }, 5),
            rated: router('llmrouter-elo', { k_factor: 100 }),
            steady: router('llmrouter-elo', { k_factor: 0 }),
            together: router('llmrouter-linucb', { tenant_buckets: 0 }, 5),
          },
        },
      },
      router_settings: {
        routing_strategy: 'llmrouter-auto',
        routing_strategy_args: { model_path: bundle, reload_interval: 3_600 },
      },
    },
  })
}, 120_000)

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
  await removeDirectory(directory)
})

interface Candidate {
  readonly model: string
  readonly q: number
}

async function route(model: string, query: string, key = masterKey) {
  const answer = await call(gateway.url, '/router/route', { key, body: { model, query } })
  expect(answer.status, answer.text).toBe(200)
  return answer.json()
}

async function qualityOf(model: string, router: string, query: string, key = masterKey): Promise<number> {
  const { explain } = await route(router, query, key)
  return (explain.candidates as Candidate[]).find((candidate) => candidate.model === model)?.q ?? Number.NaN
}

describe('llmrouter-kmeans with alpha', () => {
  it('weighs quality against cost within clusters, in place of the profile', async () => {
    const [thrifty, proud, plain] = await Promise.all(
      ['thrifty', 'proud', 'clusters'].map((name) => route(name, poem(301))),
    )
    expect([thrifty.selected_model, proud.selected_model]).toEqual(['small', 'large'])
    expect([thrifty.explain.lambda, proud.explain.lambda]).toEqual([0, 0])
    expect(plain.explain.lambda).toBeGreaterThan(0)
    // The best model of the cluster, which is the dearest, is worth alpha; a model at a hundredth of its cost at least the rest.
    expect(await qualityOf('large', 'thrifty', poem(301))).toBeCloseTo(0.2, 1)
    expect(await qualityOf('small', 'thrifty', poem(301))).toBeCloseTo(0.8, 1)
  })
})

describe('llmrouter-linucb with tenant_buckets', () => {
  it('lets what a team lived move the estimates of that team more than those of others', async () => {
    const teams = await Promise.all(
      ['red', 'blue'].map(async (team_id) => {
        await call(gateway.url, '/team/new', { key: masterKey, body: { team_id } })
        return (await gateway.createKey({ team_id })).key
      }),
    )
    const [red = ''] = teams
    const ask = sum(401)
    const qualities = (): Promise<number[]> =>
      Promise.all(
        ['apart', 'together'].flatMap((name) => teams.map((key) => qualityOf('small', name, ask, key))),
      )
    const before = await qualities()
    expect(before[0]).toBeCloseTo(before[1] ?? 0, 9)
    for (let at = 0; at < 25; at++) {
      const answer: Answer = await call(gateway.url, '/v1/chat/completions', {
        key: red,
        body: { model: 'apart', messages: [{ role: 'user', content: `${ask} again ${at}` }] },
      })
      const judged = await call(gateway.url, '/router/feedback', {
        key: masterKey,
        body: { decision_id: answer.headers['x-routeiq-decision-id'], score: 0 },
      })
      expect(judged.json(), judged.text).toMatchObject({ arm: 'small', applied: true })
    }
    const after = await qualities()
    const drops = before.map((quality, at) => quality - (after[at] ?? 0))
    const [apartRed = 0, apartBlue = 0, togetherRed = 0, togetherBlue = 0] = drops
    expect(apartRed).toBeGreaterThan(apartBlue + 0.05)
    expect(togetherRed).toBeCloseTo(togetherBlue, 9)
  })
})

describe('llmrouter-elo with k_factor', () => {
  it('moves ratings by what two models made of the same ask', async () => {
    const gapOf = async (router: string): Promise<number> => {
      const { explain } = await route(router, poem(501))
      const candidates = explain.candidates as { model: string; components: { learned: number } }[]
      const learned = (name: string): number =>
        candidates.find(({ model }) => model === name)?.components.learned ?? Number.NaN
      return learned('small') - learned('large')
    }
    const before = await Promise.all(['rated', 'steady'].map(gapOf))
    for (const [model, strategy, score] of [
      ['small', 'llmrouter-smallest', 1],
      ['large', 'llmrouter-largest', 0],
    ] as const)
      for (let at = 0; at < 8; at++) {
        const { headers } = await call(gateway.url, '/v1/chat/completions', {
          key: masterKey,
          headers: { 'x-routeiq-strategy': strategy, 'x-routeiq-session-id': `${model}-${at}` },
          body: { model: 'auto', messages: [{ role: 'user', content: poem(600 + at) }] },
        })
        expect(headers['x-routeiq-selected-arm']).toBe(model)
        const body = { decision_id: headers['x-routeiq-decision-id'], score }
        expect((await call(gateway.url, '/router/feedback', { key: masterKey, body })).status).toBe(200)
      }
    const after = await Promise.all(['rated', 'steady'].map(gapOf))
    expect((after[0] ?? 0) - (before[0] ?? 0)).toBeGreaterThan(0.02)
    expect(after[1]).toBeCloseTo(before[1] ?? 0, 9)
  })
})

describe('routeiq bundle add', () => {
  it('has a gateway choose a model that training has never seen', async () => {
    const probes = Array.from({ length: 60 }, (_, index) =>
      JSON.stringify({
        ...(index === 0 && { models: ['fresh'] }),
        ...{ id: `${index}`, prompt: index % 2 === 0 ? poem(index) : sum(index), c: [0.0002] },
        s: [index % 2 === 0 ? 1 : 0],
      }),
    )
    writeFileSync(join(directory, 'probes.jsonl'), probes.join('\n'))
    const [bundle, data, out] = ['bundle', 'probes.jsonl', 'enlarged'].map((name) => join(directory, name))
    const flags = ['--bundle', bundle ?? '', '--data', data ?? '', '--out', out ?? '', '--model']
    const added = await run('bundle', 'add', ...flags, 'fresh')
    expect(added, added.stderr).toMatchObject({ code: 0 })
    expect(added.stdout).toContain('and fresh, mean quality 0.500')
    expect(added.stderr).toContain('without llmrouter-linucb, llmrouter-elo')
    expect((await run('bundle', 'add', ...flags, 'other')).stderr).toContain(
      'the data is about fresh, not other',
    )
    const enlarged = await startGateway({
      config: {
        model_list: ['small', 'large', 'fresh'].map((name) =>
          deployment(name, upstream.openaiBase, {
            ...{ input_cost_per_token: name === 'large' ? 1e-5 : 2e-7 },
            ...{ output_cost_per_token: name === 'large' ? 4e-5 : 8e-7 },
          }),
        ),
        router_settings: {
          routing_strategy: 'llmrouter-auto',
          routing_strategy_args: { model_path: out, lambda: 0.3 },
        },
      },
    })
    try {
      const pick = async (query: string): Promise<string> =>
        (await call(enlarged.url, '/router/route', { key: masterKey, body: { query } })).json().selected_model
      expect(await pick(poem(700))).toBe('fresh')
      expect(await pick(sum(703))).toBe('small')
    } finally {
      await enlarged.stop()
    }
  }, 60_000)
})
