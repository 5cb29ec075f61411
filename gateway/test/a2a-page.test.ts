import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { startScriptedAgent } from './harness/scripted-agent.ts'
import { startGateway } from './harness/start-gateway.ts'

const page = readFileSync(new URL('../../docs/a2a.md', import.meta.url), 'utf8')
const commands = [...page.matchAll(/^```bash\n([\s\S]*?)^```$/gm)]
  .flatMap((match) => (match[1] ?? '').split(/^(?=curl )/m))
  .filter((text) => text !== '')

it('the examples of docs/a2a.md do what the page says', async () => {
  const agent = await startScriptedAgent('1.0')
  const gateway = await startGateway({ config: { agent_list: [{ agent_name: 'support', url: agent.url }] } })
  try {
    const env = { PATH: process.env['PATH'] ?? '', KEY: gateway.masterKey }
    const answers: unknown[] = []
    for (const command of commands) {
      const script = command.replaceAll('http://localhost:4000', gateway.url)
      const { stdout } = await promisify(execFile)('sh', ['-ec', script], { env })
      answers.push(JSON.parse(stdout))
    }
    expect(answers).toMatchObject([
      { status: 'registered', agent_name: 'my-agent' },
      { agents: [{ agent_name: 'my-agent' }] },
      { status: 'unregistered', agent_name: 'my-agent' },
      { jsonrpc: '2.0', id: 1, result: { kind: 'task' } },
      { object: 'chat.completion', model: 'a2a/support' },
    ])
  } finally {
    await gateway.stop()
    await agent.close()
  }
})
