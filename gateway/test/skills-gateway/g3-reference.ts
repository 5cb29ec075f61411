import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { unzipSync } from 'fflate'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { call } from '../harness/call-gateway.ts'
import { cleanEnvironment } from '../harness/clean-environment.ts'
import { temporaryDirectory } from '../harness/data-directory.ts'
import { type ProductDatabase, startGatewayOver } from '../harness/databases.ts'
import type { Gateway } from '../harness/start-gateway.ts'

const run = promisify(execFile)
const skillMd =
  '---\nname: refunds\ndescription: How to refund an order.\nlicense: MIT\n---\n\n# Refunds\n\nIn full.\n'

/** The reference library of the open format takes what the gateway gives out. `python` is the interpreter that has it. */
export function describeReference(database: ProductDatabase, python: string): void {
  const program = join(dirname(python), 'agentskills')
  let gateway: Gateway

  beforeAll(async () => {
    gateway = await startGatewayOver(database, {
      config: {},
      env: { LLMROUTER_PLUGINS: 'skills-discovery' },
    })
  })
  afterAll(() => gateway?.stop())

  async function expectValid(folder: string): Promise<void> {
    const options = { env: cleanEnvironment(), timeout: 60_000 }
    expect((await run(python, [program, 'validate', folder], options)).stdout).toContain('Valid skill')
    const { stdout } = await run(python, [program, 'read-properties', folder], options)
    expect(JSON.parse(stdout)).toMatchObject({ name: 'refunds', description: 'How to refund an order.' })
    expect((await run(python, [program, 'to-prompt', folder], options)).stdout).toContain('refunds')
  }

  function write(root: string, path: string, content: string | Uint8Array): void {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), content)
  }

  it('from the folder it publishes', async () => {
    write(gateway.dataDir, 'skills/refunds/SKILL.md', skillMd)
    const published = await call(gateway.url, '/.well-known/skills/refunds/SKILL.md')
    const found = await temporaryDirectory()
    write(found, 'refunds/SKILL.md', published.text)
    await expectValid(join(found, 'refunds'))
  })

  it('from its store, as a zip', async () => {
    const { key } = await gateway.createKey()
    const files = [{ path: 'refunds/SKILL.md', content: skillMd }]
    await call(gateway.url, '/v1/skills', { key, body: { files } })
    const headers = { authorization: `Bearer ${key}` }
    const zip = await fetch(`${gateway.url}/v1/skills/refunds/versions/latest/content`, { headers })
    const unpacked = await temporaryDirectory()
    for (const [path, content] of Object.entries(unzipSync(new Uint8Array(await zip.arrayBuffer()))))
      write(unpacked, path, content)
    await expectValid(join(unpacked, 'refunds'))
  })
}
