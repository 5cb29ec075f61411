import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cleanEnvironment } from '../harness/clean-environment.ts'
import { installPythonPackage } from '../harness/install-python-package.ts'
import { type ScriptedAgent, startScriptedAgent } from '../harness/scripted-agent.ts'
import { type Gateway, startGateway } from '../harness/start-gateway.ts'

const run = promisify(execFile)
const session = fileURLToPath(new URL('a2a-session.py', import.meta.url))
const { python, reason } = await installPythonPackage('a2a-sdk', '1.3.0')

describe.skipIf(reason !== '')('the official client of Python', () => {
  let gateway: Gateway
  let agents: ScriptedAgent[]

  beforeAll(async () => {
    agents = [await startScriptedAgent('0.3'), await startScriptedAgent('1.0')]
    const [old, current] = agents
    gateway = await startGateway({
      config: {
        agent_list: [
          { agent_name: 'old', url: old?.url },
          { agent_name: 'current', url: current?.url },
        ],
      },
    })
  })
  afterAll(async () => {
    await gateway?.stop()
    await Promise.all((agents ?? []).map((agent) => agent.close()))
  })

  it.each(['old', 'current'])(
    'sends, streams, lists and cancels at the agent %s',
    async (agent) => {
      const { key } = await gateway.createKey({})
      const options = { env: cleanEnvironment(), timeout: 120_000 }
      const { stdout } = await run(python, [session, `${gateway.url}/a2a/${agent}`, key], options)
      expect(JSON.parse(stdout)).toEqual({
        send: ['task'],
        stream: ['task', 'status_update', 'artifact_update', 'status_update'],
        error: 'TaskNotFoundError',
      })
    },
    120_000,
  )
})
