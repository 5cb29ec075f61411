import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parseFencedBlocks } from '../docs/fenced-blocks.ts'
import { runScript } from '../docs/run-script.ts'
import { call } from '../harness/call-gateway.ts'
import { cleanEnvironment } from '../harness/clean-environment.ts'
import { temporaryDirectory } from '../harness/data-directory.ts'
import { type ProductDatabase, startGatewayOver } from '../harness/databases.ts'
import type { Gateway } from '../harness/start-gateway.ts'

const program = fileURLToPath(new URL('../../../node_modules/skills/bin/cli.mjs', import.meta.url))
const page = readFileSync(new URL('../../../docs/skill-discovery.md', import.meta.url), 'utf8')
const blocks = parseFencedBlocks('docs/skill-discovery.md', page)
const [makeSkills, readSkills] = blocks.filter(({ language }) => language === 'bash')
const plugins = /^export LLMROUTER_PLUGINS=(\S+)$/m.exec(page)?.[1] ?? ''

let gateway: Gateway
/** Speaks version 0.1 alone. */
let older: http.Server
let olderUrl: string

async function runSkills(cwd: string, ...argv: string[]): Promise<string> {
  // Without a home of its own it would install for the agents of whoever runs the tests.
  const env = cleanEnvironment({ HOME: cwd, DISABLE_TELEMETRY: '1' })
  const running = promisify(execFile)(process.execPath, [program, ...argv], { cwd, env, timeout: 120_000 })
  running.child.stdin?.end()
  return (await running).stdout
}

/** Skills are found and installed by those who know nothing of the gateway. */
export function describeInstalling(database: ProductDatabase): void {
  beforeAll(async () => {
    gateway = await startGatewayOver(database, { config: {}, env: { LLMROUTER_PLUGINS: plugins } })
    // The gateway runs in this directory, so the folder is the one it looks for without a setting.
    expect(await runScript(makeSkills?.text ?? 'false', gateway.dataDir)).toMatchObject({ code: 0 })
    older = http.createServer((request, response) => {
      const path = request.url ?? ''
      if (path.includes('agent-skills')) response.writeHead(404).end()
      else
        void call(gateway.url, path).then(({ status, headers, text }) => {
          response.writeHead(status, { 'content-type': headers['content-type'] ?? '' }).end(text)
        })
    })
    await new Promise<void>((resolve) => older.listen(0, '127.0.0.1', resolve))
    olderUrl = `http://127.0.0.1:${(older.address() as AddressInfo).port}`
  })
  afterAll(async () => {
    older?.close()
    await gateway?.stop()
  })

  it('the commands of the page do what it says', async () => {
    const script = (readSkills?.text ?? '').replaceAll('http://localhost:4000', gateway.url)
    const { code, output } = await runScript(script.replaceAll(/^curl /gm, 'echo; curl '), gateway.dataDir)
    expect({ code, output }).toEqual({ code: 0, output })
    for (const text of ['Fills in the forms of our office.', 'When the office is open, and when it is not.'])
      expect(output).toContain(text)
    expect(output).toContain('{"forms": 3}')
    expect(output).toContain('"type":"archive"')
  })

  it.each(['0.1', '0.2'])(
    '`npx skills add` lists and installs from an index of version %s',
    async (version) => {
      const source = version === '0.2' ? gateway.url : olderUrl
      const project = await temporaryDirectory()
      const listed = await runSkills(project, 'add', source, '--list')
      for (const name of ['my-skill', 'another-skill']) expect(listed).toContain(name)
      await runSkills(project, 'add', source, '--skill', '*', '--agent', 'claude-code', '-y', '--copy')
      for (const name of ['my-skill', 'another-skill']) {
        const published = join(gateway.dataDir, 'skills', name)
        const installed = join(project, '.claude/skills', name)
        const files = readdirSync(published, { recursive: true, encoding: 'utf8' }).sort()
        expect(readdirSync(installed, { recursive: true, encoding: 'utf8' }).sort()).toEqual(files)
        for (const file of files.filter((path) => path.includes('.')))
          expect(readFileSync(join(installed, file), 'utf8')).toBe(
            readFileSync(join(published, file), 'utf8'),
          )
      }
    },
    180_000,
  )

  it('the archive of a skill has the digest it has on every machine', async () => {
    const { key } = await gateway.createKey()
    const content = '---\nname: pdf\ndescription: Fill in forms.\n---\n\n# Forms\n\nFill.\n'
    const files = [{ path: 'pdf/SKILL.md', content }]
    expect((await call(gateway.url, '/v1/skills', { key, body: { files } })).status).toBe(200)
    const headers = { authorization: `Bearer ${key}` }
    const zip = await fetch(`${gateway.url}/v1/skills/pdf/versions/latest/content`, { headers })
    const digest = createHash('sha256')
      .update(Buffer.from(await zip.arrayBuffer()))
      .digest('hex')
    expect(digest).toBe('cb9af41015b66bf99b08d26b91d69c79ea4987651f792edfb4a1925d3c530b87')
    expect(zip.headers.get('etag')).toBe(`"${digest}"`)
  })
}
