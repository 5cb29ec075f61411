import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { removeDirectory, temporaryDirectory } from './harness/data-directory.ts'
import { deployment } from './harness/deployments.ts'
import { runProduct } from './harness/run-product.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

let upstream: ScriptedUpstream
let gateway: Gateway
let directory: string

const subjects = ['oak', 'pine', 'birch', 'maple', 'cedar', 'willow', 'larch', 'elm', 'ash', 'yew', 'fir']
const manners = ['gentle', 'wild', 'short', 'sad', 'merry', 'strange', 'quiet']

const poem = (index: number): string =>
  `write a ${manners[index % 7]} poem in rhymes about the ${subjects[index % 11]}, number ${index}`

/** Only the large model writes poems, and writes them better the merrier they are; both can do sums. */
const rows = Array.from({ length: 300 }, (_, index) => {
  const isPoem = index % 2 === 0
  const prompt = isPoem ? poem(index) : `calculate the integral over the ${subjects[index % 11]} ${index}`
  const small = isPoem && index % 7 > 2 ? 0 : 1
  const row = { id: `r${index}`, task: isPoem ? 'poem' : 'sum', prompt, s: [1, small], c: [0.01, 0.0001] }
  return JSON.stringify(index === 0 ? { models: ['large', 'small'], ...row } : row)
}).join('\n')

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  directory = await temporaryDirectory()
  writeFileSync(join(directory, 'rows.jsonl'), rows)
  const bundle = join(directory, 'bundle')
  const argv = ['train', '--data', join(directory, 'rows.jsonl'), '--out', bundle]
  const product = runProduct([...argv, '--strategy', 'llmrouter-auto,llmrouter-threshold'], {}, directory)
  expect((await product.exited).code, product.stderr()).toBe(0)
  gateway = await startGateway({
    env: { LLMROUTER_MODEL_PATH: bundle },
    config: {
      model_list: ['small', 'large'].map((name, at) =>
        deployment(
          name,
          upstream.openaiBase,
          { input_cost_per_token: (1 + 99 * at) * 1e-7, output_cost_per_token: (1 + 99 * at) * 4e-7 },
          { id: name },
        ),
      ),
      routeiq: {
        routing: {
          ...{ learning: false, share_interval: 1 },
          routers: { third: { strategy: 'llmrouter-threshold', args: { strong_share: 0.3 } } },
        },
      },
    },
  })
}, 120_000)

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
  await removeDirectory(directory)
})

interface Routed {
  readonly selected_model: string
  readonly reasons: readonly string[]
}

/** What would answer poems that nobody has asked for yet. */
async function routePoems(): Promise<readonly Routed[]> {
  const items = Array.from({ length: 200 }, (_, index) => ({ query: poem(1_000 + index), model: 'third' }))
  const answer = await call(gateway.url, '/router/route/batch', { key: masterKey, body: { items } })
  return answer.json().items
}

const shareOf = (routed: readonly Routed[]): number =>
  routed.filter(({ selected_model }) => selected_model === 'large').length / routed.length

it('gives the strong model its share of the traffic that there is, and not of what was trained on', async () => {
  const before = await routePoems()
  expect(before[0]?.reasons).toContain('threshold')
  // Of training asks a half were poems, here all of them are.
  expect(shareOf(before)).toBeGreaterThan(0.4)
  const ask = async (index: number): Promise<void> => {
    const messages = [{ role: 'user', content: poem(2_000 + index) }]
    const { status } = await call(gateway.url, '/v1/chat/completions', {
      key: masterKey,
      body: { model: 'third', messages },
    })
    expect(status).toBe(200)
  }
  for (let from = 0; from < 240; from += 20)
    await Promise.all(Array.from({ length: 20 }, (_, index) => ask(from + index)))
  const after = await waitUntil('the traffic is known', async () => {
    const routed = await routePoems()
    return routed[0]?.reasons.includes('threshold_by_traffic') ? routed : null
  })
  expect(shareOf(after)).toBeGreaterThan(0.2)
  expect(shareOf(after)).toBeLessThan(0.4)
  expect(gateway.stdout()).toMatch(/"event":"routing_share_measured".*"router":"third"/)
}, 120_000)
