import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { unzipSync } from 'fflate'
import { expect, it } from 'vitest'
import { cleanEnvironment } from '../harness/clean-environment.ts'
import { temporaryDirectory } from '../harness/data-directory.ts'
import { startGateway } from '../harness/start-gateway.ts'
import { installPython } from './install-package.ts'

const run = promisify(execFile)
const skillMd =
  '---\nname: refunds\ndescription: How to refund an order.\nlicense: MIT\n---\n\n# Refunds\n\nIn full.\n'

it('the reference library of the open format takes what the gateway gives out', async () => {
  const program = join(dirname(await installPython(['skills-ref==0.1.1'])), 'agentskills')
  const gateway = await startGateway({ config: {}, env: { LLMROUTER_PLUGINS: 'skills-discovery' } })
  try {
    const check = async (folder: string): Promise<void> => {
      const options = { env: cleanEnvironment(), timeout: 60_000 }
      expect((await run(program, ['validate', folder], options)).stdout).toContain('Valid skill')
      const { stdout } = await run(program, ['read-properties', folder], options)
      expect(JSON.parse(stdout)).toMatchObject({ name: 'refunds', description: 'How to refund an order.' })
      expect((await run(program, ['to-prompt', folder], options)).stdout).toContain('refunds')
    }
    const write = (root: string, path: string, content: string | Uint8Array): void => {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), content)
    }
    // From the folder it publishes.
    write(gateway.dataDir, 'skills/refunds/SKILL.md', skillMd)
    const published = await fetch(`${gateway.url}/.well-known/skills/refunds/SKILL.md`)
    const found = await temporaryDirectory()
    write(found, 'refunds/SKILL.md', await published.text())
    await check(join(found, 'refunds'))
    // From its store, as a zip.
    const { key } = await gateway.createKey()
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    const files = [{ path: 'refunds/SKILL.md', content: skillMd }]
    await fetch(`${gateway.url}/v1/skills`, { method: 'POST', headers, body: JSON.stringify({ files }) })
    const zip = await fetch(`${gateway.url}/v1/skills/refunds/versions/latest/content`, { headers })
    const unpacked = await temporaryDirectory()
    for (const [path, content] of Object.entries(unzipSync(new Uint8Array(await zip.arrayBuffer()))))
      write(unpacked, path, content)
    await check(join(unpacked, 'refunds'))
  } finally {
    await gateway.stop()
  }
})
