import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Answer, call } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { expectError } from './harness/expect-error.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey as key, startGateway } from './harness/start-gateway.ts'
import { after, answerTruly, held } from './harness/steps.ts'
import { waitUntil } from './harness/wait-until.ts'

let upstream: ScriptedUpstream
let gateway: Gateway

let configurations = 0

/** State belongs to the ids of deployments, so that each configuration has new ones. */
function configure(routing_strategy: string, params: readonly object[], routing_strategy_args = {}): object {
  configurations++
  const model_list = params.map((own, index) => {
    const letter = 'abcdef'.charAt(index)
    return deployment(
      'group',
      upstream.openaiBase,
      { model: `openai/${letter}`, ...own },
      { id: `${configurations}-${letter}` },
    )
  })
  return { model_list, router_settings: { routing_strategy, routing_strategy_args, num_retries: 0 } }
}

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  gateway = await startGateway({ config: configure('simple-shuffle', [{}]) })
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

beforeEach(() => upstream.reset())

function chat(extra: object = {}): Promise<Answer> {
  return call(gateway.url, '/v1/chat/completions', { key, body: { model: 'group', messages, ...extra } })
}

async function chatTimes(count: number): Promise<void> {
  for (let request = 0; request < count; request++) expect((await chat()).status).toBe(200)
}

const counts = (...letters: string[]): number[] =>
  letters.map((letter) => upstream.requestsFor(letter).length)

/** Limits are per minute of the clock; a test must not run over the end of one. */
async function beginWithinOneMinute(): Promise<void> {
  const left = 60_000 - (Date.now() % 60_000)
  if (left < 5000) await sleep(left + 50)
}

describe.each(['usage-based-routing', 'usage-based-routing-v2'])('%s', (strategy) => {
  it('keeps every deployment within its requests a minute and then says when to come back', async () => {
    await gateway.reload(configure(strategy, [{ rpm: 2 }, { rpm: 1 }]))
    await beginWithinOneMinute()
    const answers = await Promise.all(Array.from({ length: 8 }, () => chat()))
    const refused = answers.filter((answer) => answer.status !== 200)
    expect(counts('a', 'b')).toEqual([2, 1])
    expect(refused).toHaveLength(5)
    for (const answer of refused) {
      expectError(answer, {
        status: 429,
        type: 'rate_limit_error',
        code: 'no_deployments_available',
        origin: 'upstream',
      })
      expect(Number(answer.headers['retry-after'])).toBeLessThanOrEqual(60)
    }
  })

  it('keeps every deployment within its tokens a minute', async () => {
    await gateway.reload(configure(strategy, [{ tpm: 1 }, { tpm: 100_000 }, { tpm: 50_000 }]))
    await beginWithinOneMinute()
    await chatTimes(6)
    const [a, b, c] = counts('a', 'b', 'c')
    expect([a, (b ?? 0) + (c ?? 0)]).toEqual([0, 6])
    expect(b).toBeGreaterThan(c ?? 0)
  })
})

it('least-busy spreads requests that run at the same time', async () => {
  await gateway.reload(configure('least-busy', [{}, {}, {}]))
  const { step, release } = held(answerTruly())
  for (const letter of ['a', 'b', 'c']) upstream.script(letter, step)
  const running = Array.from({ length: 9 }, (_, index) => chat({ stream: index % 2 === 0 }))
  await waitUntil('all are under way', () => upstream.requests.length === 9)
  expect(counts('a', 'b', 'c')).toEqual([3, 3, 3])
  release()
  expect((await Promise.all(running)).map((answer) => answer.status)).toEqual(Array(9).fill(200))
})

it('latency-based-routing tries everybody, then stays with the fastest', async () => {
  await gateway.reload(configure('latency-based-routing', [{}, {}]))
  upstream.script('a', after(1_000, answerTruly()))
  await chatTimes(8)
  expect(counts('a', 'b')).toEqual([1, 7])
})

it('cost-based-routing takes the cheapest for this request', async () => {
  const prices = (input: number, output: number): object => ({
    input_cost_per_token: input,
    output_cost_per_token: output,
  })
  await gateway.reload(configure('cost-based-routing', [prices(1e-6, 9e-6), prices(8e-6, 1e-6), {}]))
  for (let request = 0; request < 3; request++) await chat({ max_tokens: 1, padding: 'x'.repeat(4000) })
  expect(counts('a', 'b', 'c')).toEqual([3, 0, 0])
  for (let request = 0; request < 3; request++) await chat({ max_tokens: 4000 })
  expect(counts('a', 'b', 'c')).toEqual([3, 3, 0])
})

it('simple-shuffle follows the weights', async () => {
  await gateway.reload(configure('simple-shuffle', [{ weight: 1 }, { weight: 0 }, { weight: 3 }]))
  await Promise.all(Array.from({ length: 200 }, () => chat()))
  const [a, b, c] = counts('a', 'b', 'c')
  expect([(a ?? 0) + (c ?? 0), b]).toEqual([200, 0])
  expect(c).toBeGreaterThan((a ?? 0) * 1.5)
})

it('the strategy in force is told with every answer', async () => {
  for (const strategy of ['least-busy', 'cost-based-routing']) {
    await gateway.reload(configure(strategy, [{}]))
    expect((await chat()).headers['x-routeiq-strategy']).toBe(strategy)
  }
})

it('max_parallel_requests makes a busy deployment no candidate', async () => {
  await gateway.reload(
    configure('simple-shuffle', [{ max_parallel_requests: 1 }, { max_parallel_requests: 1 }]),
  )
  const { step, release } = held(answerTruly())
  for (const letter of ['a', 'b']) upstream.script(letter, step)
  const running = [chat(), chat()]
  await waitUntil('both are busy', () => upstream.requests.length === 2)
  expect(counts('a', 'b')).toEqual([1, 1])
  expect((await chat()).status).toBe(429)
  release()
  expect((await Promise.all(running)).map((answer) => answer.status)).toEqual([200, 200])
  expect((await chat()).status).toBe(200)
})
