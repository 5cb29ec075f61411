import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { startGateway } from './harness/start-gateway.ts'

const page = readFileSync(new URL('../../docs/skills.md', import.meta.url), 'utf8')
const blocks = [...page.matchAll(/^```bash\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? '')

it('the examples of docs/skills.md do what the page says', async () => {
  const gateway = await startGateway({ config: {} })
  try {
    const { key } = await gateway.createKey()
    const env = { PATH: process.env['PATH'] ?? '', BASE: gateway.url, KEY: key }
    const answers: string[] = []
    for (const block of blocks) {
      const script = block.replaceAll(/^curl /gm, 'echo; curl ')
      const { stdout } = await promisify(execFile)('sh', ['-ec', script], { env })
      answers.push(...stdout.split('\n').filter((text) => text !== ''))
    }
    const parsed = answers.map((text) => JSON.parse(text))
    expect(parsed).toMatchObject([
      { name: 'acme/refunds', version: 1 },
      { name: 'acme/refunds', category: 'support' },
      { status: 'ok', version: 2 },
      { versions: [{ change_summary: 'a limit' }, {}] },
      { version: 2, truncated: false },
      { file_path: 'references/fees.md' },
      { hashes: { 'acme/refunds': { version: 3 } } },
      { created: 1, actions: [{ action: 'created', name: 'shipping' }] },
      { valid: true, name: 'pdf' },
      { type: 'skill', display_title: 'PDF forms' },
      { type: 'skill_version', name: 'pdf' },
      { type: 'instructions', status: 'ok', skill_name: 'pdf', result: { body: '# Forms', version: 1 } },
    ])
  } finally {
    await gateway.stop()
  }
})
