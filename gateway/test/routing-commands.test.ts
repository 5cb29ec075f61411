import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
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

const says = (content: string) => respond(200, chatCompletion({ content }))

async function run(...argv: string[]) {
  const env = { ROUTEIQ_BASE_URL: gateway.url, ROUTEIQ_API_KEY: masterKey }
  const product = runProduct(argv, env, directory)
  const { code } = await product.exited
  return { code, stdout: product.stdout(), stderr: product.stderr() }
}

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  directory = await temporaryDirectory()
  gateway = await startGateway({
    config: {
      model_list: ['small', 'large', 'judge', 'right', 'wrong'].map((name, index) =>
        deployment(
          name,
          upstream.openaiBase,
          { input_cost_per_token: (1 + 9 * index) * 1e-6, output_cost_per_token: (1 + 9 * index) * 1e-6 },
          { id: name },
        ),
      ),
      router_settings: { num_retries: 0, cooldown_time: 0 },
    },
  })
  upstream.script('small', says('The sum is\n4.'))
  upstream.script('large', says('```json\n{"sum": 5}\n```'))
  upstream.script('judge', says('{"relevance": 5, "helpfulness": 4, "coherence": 3}'))
  const prompts = [
    { id: 'four', task: 'sum', prompt: 'What is 2 + 2?', answer: '4' },
    { id: 'five', task: 'sum', prompt: 'What is 2 + 3?', answer: { sum: 5 } },
  ]
  writeFileSync(join(directory, 'prompts.jsonl'), prompts.map((prompt) => JSON.stringify(prompt)).join('\n'))
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
  await removeDirectory(directory)
})

describe('routeiq probe', () => {
  const probe = async (...flags: string[]) => {
    const out = join(directory, 'matrix.jsonl')
    const files = ['--prompts', join(directory, 'prompts.jsonl'), '--models', 'small,large', '--out', out]
    const result = await run('probe', ...files, ...flags)
    const rows = result.code === 0 ? readFileSync(out, 'utf8').trim().split('\n') : []
    return { ...result, rows: rows.map((row) => JSON.parse(row)) }
  }

  it('writes what each model made of each prompt, by what is right', async () => {
    const exact = await probe('--check', 'exact')
    expect(exact, exact.stderr).toMatchObject({ code: 0 })
    expect(exact.rows[0]).toMatchObject({ models: ['small', 'large'], id: 'four', task: 'sum', s: [1, 0] })
    expect(exact.rows[0].c[1]).toBeCloseTo(exact.rows[0].c[0] * 10, 9)
    const json = await probe('--check', 'json')
    expect(json.rows[1].s).toEqual([0, 1])
  })

  it('or by tests of the code in it', async (context) => {
    const sum = 'def add(a, b):\n    return a'
    const prompts = join(directory, 'code.jsonl')
    const tests = 'assert add(2, 3) == 5\nassert add(-1, 1) == 0'
    writeFileSync(prompts, JSON.stringify({ id: 'add', prompt: 'Write add(a, b) in Python', tests }))
    upstream.script('right', says(`Here you are:\n\`\`\`python\n${sum} + b\n\`\`\`\nIt adds.`))
    upstream.script('wrong', says(`\`\`\`python\n${sum} - b\n\`\`\``))
    const out = join(directory, 'code-matrix.jsonl')
    const flags = ['--prompts', prompts, '--models', 'right,wrong', '--out', out, '--check', 'tests']
    const { code, stderr } = await run('probe', ...flags)
    context.skip(stderr.includes('no namespaces'), 'this machine has no namespaces to run code in safely')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(readFileSync(out, 'utf8').split('\n')[0] ?? '')).toMatchObject({ id: 'add', s: [1, 0] })
  })

  it('or by what a judge says', async () => {
    const { rows } = await probe('--judge', 'judge')
    expect(rows[0].s).toEqual([0.8, 0.8])
    const asked = upstream.requestsFor('judge').at(-1)?.json as { messages: { content: string }[] }
    expect(asked.messages[1]?.content).toContain('A right answer:')
  })

  it('stops at its budget, and takes one way of judging', async () => {
    const stopped = await probe('--check', 'exact', '--max-cost', '0.0000001')
    expect(stopped.stderr).toContain('the budget was spent')
    expect(await probe()).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--check exact|json|tests or --judge'),
    })
  })

  it('asks models about their own answers, which tells when to ask a better one', async () => {
    const asked = upstream.requestsFor('small').length
    const { rows } = await probe('--check', 'exact', '--verify', '2')
    expect(rows[0].ver).toEqual([0, 0])
    expect(upstream.requestsFor('small').length - asked).toBe(3 * rows.length)
    const last = upstream.requestsFor('small').at(-1)?.json as { messages: { content: string }[] }
    expect(last.messages.at(-1)?.content).toContain('Check your answer')
    const data = join(directory, 'verdicts.jsonl')
    const lines = Array.from({ length: 100 }, (_, at) => {
      // Where the small model says no it is wrong; the large one then knows in every second case.
      const isSure = at % 2 === 0
      const s = [Number(isSure), Number(isSure || at % 4 === 1)]
      return JSON.stringify({
        ...(at === 0 && { models: ['small', 'large'] }),
        ...{ id: `${at}`, prompt: `What is ${at}?`, s, ver: [isSure ? 1 : 0, null] },
      })
    })
    writeFileSync(data, lines.join('\n'))
    const flags = ['calibrate', '--verdicts', data, '--small', 'small', '--large', 'large', '--lambda']
    const cheap = await run(...flags, '0.1')
    expect(cheap, cheap.stderr).toMatchObject({ code: 0, stderr: '' })
    expect(cheap.stdout).toMatch(
      /^threshold: 0\.125\nby cross-validation over 100 asks at λ 0\.1, threshold: utility 0\.7/,
    )
    expect((await run(...flags, '0.9')).stdout).toMatch(/^threshold: 0\n/)
    expect((await run(...flags.slice(0, -3), '--large', 'huge')).stderr).toContain('small, large, not huge')
  })

  it('is what training reads', async () => {
    await probe('--judge', 'judge')
    const trained = await run(
      'train',
      '--data',
      join(directory, 'matrix.jsonl'),
      '--out',
      join(directory, 'x.rqb'),
    )
    expect(trained.stderr).not.toContain('line')
  })
})

describe('routeiq import', () => {
  const importFrom = async (format: string, text: string, ...flags: string[]) => {
    const [from, out] = [join(directory, `${format}.txt`), join(directory, `${format}.jsonl`)]
    writeFileSync(from, text)
    const result = await run('import', '--from', format, '--in', from, '--out', out, ...flags)
    const rows = result.code === 0 ? readFileSync(out, 'utf8').trim().split('\n') : []
    return { ...result, out, rows: rows.map((row) => JSON.parse(row)) }
  }
  const battle = (winner: string, prompt = 'Name a heron') =>
    JSON.stringify({ model_a: 'small', model_b: 'large', winner, prompt })

  it('takes battles of an arena, which ratings are trained on', async () => {
    const prices = join(directory, 'prices.json')
    writeFileSync(prices, JSON.stringify({ small: { input_price: 1, output_price: 2 } }))
    const other = JSON.stringify({ model_a: 'judge', model_b: 'large', winner: 'large', prompt: 'Add 2' })
    const lines = ['model_b', 'model_a', 'tie', 'tie (bothbad)'].map((winner) => battle(winner))
    const { rows, stderr } = await importFrom('arena', [...lines, other].join('\n'), '--prices', prices)
    expect(stderr).toBe('')
    expect(rows[0].models).toEqual(['judge', 'large', 'small'])
    expect(rows.map(({ s }) => s)).toEqual([
      [null, 1, 0],
      [null, 0, 1],
      [null, 0.5, 0.5],
      [null, 0, 0],
      [0, 1, null],
    ])
    expect(rows[0].c).toEqual([null, null, (3 + 800) / 1e6])
    const many = Array.from({ length: 300 }, (_, at) =>
      battle(at % 4 === 0 ? 'small' : 'large', `What is ${at} plus ${at * 7} in the sum of numbers`),
    )
    const { out } = await importFrom('arena', `[${many.join(',')}]`)
    const bundle = join(directory, 'elo.rqb')
    const trained = await run(
      'train',
      '--data',
      out,
      '--strategy',
      'llmrouter-elo,llmrouter-mf',
      '--args',
      '{"loss": "pairs"}',
      '--out',
      bundle,
    )
    expect(trained, trained.stderr).toMatchObject({ code: 0 })
    const measured = await run('eval', '--bundle', bundle, '--data', out, '--strategy', 'llmrouter-elo')
    expect(measured, measured.stderr).toMatchObject({ code: 0 })
  })

  it('takes results of a pair, and leaves answers and what was seen before out', async () => {
    const csv = [
      ',prompt,small,large,small answer,contaminated',
      '0,"Is it 2, or 3?",False,True,"2, I think",False',
      '1,Is it 4?,0.5,1,4,False',
      '2,Seen before,True,True,yes,True',
    ]
    const { rows, stdout } = await importFrom('pairs', csv.join('\n'))
    expect(stdout).toContain('2 asks, 2 models: small, large')
    expect(rows.map(({ prompt, s }) => [prompt, s])).toEqual([
      ['Is it 2, or 3?', [0, 1]],
      ['Is it 4?', [0.5, 1]],
    ])
  })

  it('says what it cannot take', async () => {
    expect(await importFrom('arena', battle('nobody'))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('row 1: the winner is model_a, model_b, small, large'),
    })
    expect(await importFrom('pairs', 'prompt,small\nHello,True')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('two columns must hold scores'),
    })
    expect(await importFrom('elsewhere', '')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--from takes llmrouter, routerbench, arena, pairs'),
    })
  })
})

describe('routeiq calibrate and replay', () => {
  beforeAll(async () => {
    for (let turn = 0; turn < 4; turn++)
      await call(gateway.url, '/v1/chat/completions', {
        key: masterKey,
        body: { model: 'auto', messages: [{ role: 'user', content: `Prove theorem ${turn} step by step` }] },
      })
  })

  it('finds the threshold of a share in own traffic', async () => {
    const none = await run('calibrate', '--share', '0', '--small', 'small', '--large', 'large')
    expect(none, none.stderr).toMatchObject({ code: 0, stderr: expect.stringContaining('only 4 decisions') })
    expect(none.stdout).toMatch(/^threshold: [\d.]+\n0\.0 % of 4 asks would have gone to large/)
    expect(await run('calibrate', '--share', '0.3', '--small', 'small', '--large', 'other')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no decision had small and other'),
    })
  })

  it('gives no verdict on traffic that nobody judged', async () => {
    const { code, stdout, stderr } = await run('replay', '--strategy', 'llmrouter-smallest')
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain('no verdict')
  })
})
