import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { cleanEnvironment } from '../harness/clean-environment.ts'
import { deployment } from '../harness/deployments.ts'
import { openaiError } from '../harness/openai-wire.ts'
import { type ScriptedUpstream, startScriptedUpstream } from '../harness/scripted-upstream.ts'
import { type Gateway, startGateway } from '../harness/start-gateway.ts'
import { respond } from '../harness/steps.ts'
import { installPython } from './install-package.ts'

const run = promisify(execFile)
/** LiteLLM's client of its proxy with what it imports; the extra `litellm[proxy]` is a hundred packages more. */
const packages = [
  'litellm==1.108.7',
  'requests==2.34.2',
  'rich==15.0.0',
  'InquirerPy==0.3.4',
  'tomlkit==0.15.2',
]
const session = fileURLToPath(new URL('litellm-session.py', import.meta.url))

let upstream: ScriptedUpstream
let gateway: Gateway
beforeAll(async () => {
  upstream = await startScriptedUpstream()
  const prices = { input_cost_per_token: 0.001, output_cost_per_token: 0.002 }
  gateway = await startGateway({
    config: {
      model_list: ['gpt', 'mini', 'down'].map((name) => deployment(name, upstream.openaiBase, prices)),
      router_settings: { fallbacks: [{ down: ['mini'] }], num_retries: 0 },
    },
  })
})
afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

it("LiteLLM's client and its command line manage keys, models, people, budgets and credentials, and chat", async () => {
  upstream.script('down', respond(500, openaiError('down')))
  const python = await installPython(packages)
  const env = cleanEnvironment({ LITELLM_LOCAL_MODEL_COST_MAP: 'True', HOME: gateway.dataDir, NO_COLOR: '1' })
  const argv = [session, gateway.url, gateway.masterKey]
  const { stdout } = await run(python, argv, { env, maxBuffer: 16 * 1_048_576 })
  const found = JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
  expect(found).toMatchObject({
    models: ['gpt', 'mini', 'down'],
    model: { added: 'added', changed: 'm-1', deleted: true, missing: 'NotFoundError' },
    groups: ['gpt', 'mini', 'down'],
    key: {
      prefix: 'sk-',
      listed: 'cli',
      alias: 'cli-2',
      models: ['gpt'],
      deleted: 1,
      after: 'UnauthorizedError',
    },
    chat: {
      text: expect.stringMatching(/./),
      streamed: expect.stringMatching(/./),
      denied: 403,
      nobody: 'UnauthorizedError',
    },
    fallback: expect.stringMatching(/./),
    team: {
      alias: 'red',
      max_budget: 5,
      listed: ['red'],
      paged: 1,
      available: [],
      members: ['ada'],
      deleted: ['red-team'],
    },
    user: {
      email: 'ada@example.com',
      role: 'internal_user',
      listed: true,
      info: 'ada',
      short: 'ada@example.com',
      deleted: 1,
    },
    budget: { max_budget: 0.001, info: 'tiny', refused: 429, deleted: 'tiny' },
    credential: { listed: ['cred'], values: '****', deleted: true },
    readiness: 'healthy',
  })
  for (const { command, code, output } of found.commands)
    expect({ command, code, output }).toMatchObject({ code: 0 })
  expect(found.commands).toHaveLength(10)
  expect(JSON.stringify(found.commands)).toContain('from-the-command-line')
})
