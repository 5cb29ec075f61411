import { spawn } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ScriptedAgent, startScriptedAgent } from '../harness/scripted-agent.ts'
import { type Gateway, type IssuedKey, startGateway } from '../harness/start-gateway.ts'

/**
 * The public compatibility kit, run against the gateway in front of an agent. The kit is a folder of Python that no
 * package registry has: A2A_KIT_1_0 and A2A_KIT_0_3 name check-outs of its two lines, A2A_KIT_PYTHON an interpreter that
 * has what they import.
 */
const kits = { '1.0': process.env['A2A_KIT_1_0'], '0.3': process.env['A2A_KIT_0_3'] }
const python = process.env['A2A_KIT_PYTHON'] ?? 'python3'

/** The kit's schema takes no member it does not know. */
const plain = { novelty: undefined }

let gateway: Gateway
let agents: ScriptedAgent[]
let key: IssuedKey
let front: http.Server
let address: string

beforeAll(async () => {
  agents = [await startScriptedAgent('0.3', plain), await startScriptedAgent('1.0', plain)]
  front = http.createServer(forward).listen(0, '127.0.0.1')
  await once(front, 'listening')
  address = `http://127.0.0.1:${(front.address() as AddressInfo).port}`
  const env = { A2A_BASE_URL: address, LLMROUTER_OUTBOUND_HOST_ALLOWLIST: '127.0.0.1,localhost' }
  gateway = await startGateway({ config: configOf('current'), env })
  key = await gateway.createKey({})
})
afterAll(async () => {
  front?.close()
  await gateway?.stop()
  await Promise.all((agents ?? []).map((agent) => agent.close()))
})

/** The kits look for a card at the root alone. */
function configOf(root_agent: 'current' | 'crossed' | 'old'): object {
  const [old, current] = agents
  const card = root_agent === 'old' ? '0.3' : '1.0'
  const litellm_params = { make_public: true, card_default: card }
  return {
    agent_list: [
      { agent_name: 'old', url: old?.url, litellm_params },
      { agent_name: 'crossed', url: old?.url, litellm_params },
      { agent_name: 'current', url: current?.url, litellm_params },
    ],
    routeiq: { a2a: { root_agent, task_rate_limit: 100_000 } },
  }
}

/** The kit sends no key: what stands in front adds one and changes nothing else. */
function forward(request: http.IncomingMessage, response: http.ServerResponse): void {
  const headers = { ...request.headers, 'x-litellm-api-key': key.key }
  const { method, url: path } = request
  const sent = http.request(
    gateway.url + path,
    { ...(method === undefined ? {} : { method }), headers },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    },
  )
  sent.on('error', () => response.destroy())
  response.on('close', () => sent.destroy())
  request.pipe(sent)
}

async function run(folder: string, args: readonly string[]): Promise<{ code: number; output: string }> {
  const kit = spawn(python, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [kit.stdout, kit.stderr])
    stream.on('data', (text: Buffer) => (output += text.toString()))
  const [code] = (await once(kit, 'close')) as [number]
  return { code, output }
}

const minutes = 60_000

describe.skipIf(kits['1.0'] === undefined)('the kit of 1.0', () => {
  it.each(['current', 'crossed'] as const)(
    'passes what is required, agent %s',
    { timeout: 15 * minutes },
    async (agent) => {
      await gateway.reload(configOf(agent))
      const args = [
        'run_tck.py',
        '--sut-host',
        address,
        '--transport',
        'jsonrpc,http_json',
        '--level',
        'must',
      ]
      const { code, output } = await run(kits['1.0'] ?? '', args)
      expect(code, output.slice(-8_000)).toBe(0)
    },
  )
})

describe.skipIf(kits['0.3'] === undefined)('the kit of 0.3', () => {
  it('passes what is mandatory', { timeout: 15 * minutes }, async () => {
    await gateway.reload(configOf('old'))
    const args = ['run_tck.py', '--sut-url', `${address}/a2a/old`, '--category', 'mandatory']
    const { code, output } = await run(kits['0.3'] ?? '', args)
    expect(code, output.slice(-8_000)).toBe(0)
  })
})
