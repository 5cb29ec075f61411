import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { chatUpstreams, startTestbed, type Testbed } from '../clients/testbed.ts'
import { cleanEnvironment } from '../harness/clean-environment.ts'
import type { Step } from '../harness/scripted-upstream.ts'
import { answerTruly } from '../harness/steps.ts'
import { waitUntil } from '../harness/wait-until.ts'
import { installPython } from './install-package.ts'

const run = promisify(execFile)
const versions = ['openai==3.57.0', 'anthropic==2.14.0', 'google-genai==3.6.1', 'litellm==1.110.2']
const session = fileURLToPath(new URL('python-session.py', import.meta.url))
let testbed: Testbed
let python = ''

beforeAll(async () => {
  python = await installPython(versions)
  testbed = await startTestbed()
})
afterEach(() => testbed.upstream.reset())
afterAll(() => testbed?.stop())

/** Whoever brings the tool has it called once; everybody else is greeted. */
const callWhatIsThere: Step = (call) => {
  const { body } = call.request
  const isAsked = body.includes('get_weather') && !body.includes('Paris: sunny')
  const toolCalls = [{ id: 'call_1', name: 'get_weather', arguments: '{"city":"Paris"}' }]
  const answer = body.includes('Paris: sunny') ? { content: 'It is sunny.' } : {}
  return answerTruly(isAsked ? { toolCalls } : answer)(call)
}

it.each(chatUpstreams)(
  'the clients of Python complete a session on the $wire wire',
  async ({ model, upstreamModel }) => {
    testbed.upstream.script(upstreamModel, callWhatIsThere)
    const { gateway, apiKey } = testbed
    const { stdout } = await run(python, [session, gateway.url, apiKey, model], {
      env: cleanEnvironment({ LITELLM_LOCAL_MODEL_COST_MAP: 'True' }),
      timeout: 120_000,
    })
    const hello = 'Hello from the upstream.'
    expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toEqual({
      openai: [hello, hello, 'It is sunny.', hello, 401, 400, 3],
      anthropic: [hello, 'It is sunny.', true, 404, 401],
      genai: [hello, hello, true, 404],
      litellm: [hello, hello, 'It is sunny.', 400, 401],
    })
    // The last thing it does is to leave streams.
    await waitUntil('the upstream connection is closed', () => testbed.upstream.pendingRequests === 0)
  },
)
