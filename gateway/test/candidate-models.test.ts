import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { removeDirectory, temporaryDirectory } from './harness/data-directory.ts'
import { deployment } from './harness/deployments.ts'
import { runProduct } from './harness/run-product.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'

let upstream: ScriptedUpstream
let gateway: Gateway
let directory: string
const names = ['narrow', 'wide', 'own']

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  directory = await temporaryDirectory()
  const candidates = {
    narrow: { provider: 'openai', quality_score: 0.9, context_window: 100, description: 'Short asks' },
    wide: { quality_score: 0.7, capabilities: ['tools', 'vision', 'poetry'], latency_class: 'low' },
    own: { quality_score: 0.99 },
  }
  const file = join(directory, 'candidates.json')
  writeFileSync(file, JSON.stringify(candidates))
  gateway = await startGateway({
    config: {
      model_list: names.map((name) => {
        const prices = { input_cost_per_token: 1e-6, output_cost_per_token: 1e-6 }
        const info = { id: name, ...(name === 'own' ? { quality_score: 0.1 } : {}) }
        return deployment(name, upstream.openaiBase, { model: `openai/of-${name}`, ...prices }, info)
      }),
    },
    env: { LLMROUTER_LLM_DATA_PATH: file },
  })
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
  await removeDirectory(directory)
})

it('chooses by what a file of candidates says, unless the entry of the model says otherwise', async () => {
  const ask = async (query: string) => {
    const body = { query, profile: 'premium' }
    return (await call(gateway.url, '/router/route', { key: masterKey, body })).json()
  }
  const short = await ask('why is the sky blue?')
  expect(short.selected_model).toBe('narrow')
  expect(short.alternatives.map(({ model }: { model: string }) => model)).toEqual(['wide', 'own'])
  const long = await ask('why is the sky blue? '.repeat(60))
  expect(long.selected_model).toBe('wide')
  expect(long.filtered).toEqual([{ model: 'narrow', reason: expect.any(String) }])
})

it.each([
  ['that is missing', null, 'there is no file'],
  ['that is no JSON', 'models:', 'the file is no JSON'],
  ['with a wrong value', '{"a": {"quality_score": 7}}', 'a.quality_score'],
])('refuses a file %s', async (_what, text, problem) => {
  const file = join(directory, 'bad.json')
  if (text !== null) writeFileSync(file, text)
  const checked = runProduct(['validate-config'], { LLMROUTER_LLM_DATA_PATH: file }, directory)
  expect((await checked.exited).code).not.toBe(0)
  expect(checked.stdout() + checked.stderr()).toContain(problem)
})
