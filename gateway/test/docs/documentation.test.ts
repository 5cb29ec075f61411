import { readFileSync, statSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { removeDirectory, temporaryDirectory } from '../harness/data-directory.ts'
import { freePort } from '../harness/free-port.ts'
import { type Product, runProduct } from '../harness/run-product.ts'
import { waitUntil } from '../harness/wait-until.ts'
import { parseFencedBlocks, readFencedBlocks } from './fenced-blocks.ts'
import { runScript } from './run-script.ts'

const blocks = readFencedBlocks()
const takeKey = 'export ROUTEIQ_KEY=$(cat .routeiq/master-key)'
/** Commands that build on one another; skills-newcomer.test.ts runs them. The page of the router makes what it needs. */
const isOfSkills = (text: string, place: string): boolean =>
  text.includes('/api/v1/skills/') && !place.startsWith('docs/skill-router.md')
/** Their commands need more than a first start has; tests of their own run them. */
const pagesWithTests = [
  'docs/a2a.md',
  'docs/mcp.md',
  'docs/media.md',
  'docs/plugins.md',
  'docs/skills.md',
  'docs/skill-accounts.md',
  'docs/skill-discovery.md',
]
const hasOwnTest = (place: string): boolean => pagesWithTests.some((page) => place.startsWith(page))
const curls = blocks.filter(
  ({ language, text, place }) =>
    language === 'bash' && text.includes('curl') && !hasOwnTest(place) && !isOfSkills(text, place),
)
const configurations = blocks.filter(
  ({ language, text }) => /^ya?ml$/.test(language) && /^(model_list|\w+_settings|routeiq):/m.test(text),
)

describe('a reader who starts the gateway for the first time', () => {
  let clone: string
  let url: string
  let gateway: Product

  beforeAll(async () => {
    clone = await temporaryDirectory()
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    gateway = runProduct(['start', '--host', '127.0.0.1', '--port', String(port)], {}, clone)
    await waitUntil('the gateway is ready', () => isReady(url), 45_000)
  })
  afterAll(async () => {
    gateway?.child.kill('SIGTERM')
    await gateway?.exited
    await removeDirectory(clone)
  })

  const printed = () => gateway.stdout() + gateway.stderr()

  it('is told the master key, which is kept for the owner only', () => {
    const file = join(clone, '.routeiq/master-key')
    const key = readFileSync(file, 'utf8').trim()
    expect(key).toMatch(/^sk-/)
    expect(printed()).toContain(`export ROUTEIQ_KEY=${key}\n`)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(blocks.map(({ text }) => text)).toContain(takeKey)
  })

  it('finds something to paste in the README', () => {
    expect(curls.filter(({ place }) => place.startsWith('README.md'))).not.toEqual([])
  })

  it.each(curls)('gets answers from the commands of $place', async ({ text }) => {
    const script = text.replaceAll('http://localhost:4000', url)
    const { code, output } = await runScript(`${takeKey}\n${script}`, clone)
    expect({ code, output }).toEqual({ code: 0, output })
    expect(output).not.toBe('')
  })

  it('gets answers from the commands that are printed', async () => {
    const commands = /^Try:\n((?: {2}.*\n)+)/m.exec(printed())?.[1] ?? ''
    expect(commands.match(/^ {2}curl /gm)).toHaveLength(3)
    const { code, output } = await runScript(`${takeKey}\n${commands}`, clone)
    expect({ code, output }).toEqual({ code: 0, output })
    expect(output).toContain('"chat.completion"')
  })

  it('would see a command fail', async () => {
    const refused = await runScript(`curl ${url}/v1/models -H "Authorization: Bearer nobody"`, clone)
    expect(refused.code).toBe(22)
    expect((await runScript(`curl "${url}/$ROUTEIQ_KEY"`, clone)).code).toBe(1)
  })
})

describe('a configuration of the documentation', () => {
  let directory: string
  beforeAll(async () => {
    directory = await temporaryDirectory()
  })
  afterAll(() => removeDirectory(directory))

  it.concurrent.each(configurations)('has nothing to complain about: $place', async ({ place, text }) => {
    const file = join(directory, place.replaceAll(/\W/g, '-'), 'config.yaml')
    await mkdir(dirname(file))
    await writeFile(file, text)
    for (const name of /^include: \[(.+)\]$/m.exec(text)?.[1]?.split(', ') ?? []) {
      await mkdir(dirname(join(dirname(file), name)), { recursive: true })
      await writeFile(join(dirname(file), name), '{}')
    }
    const product = runProduct(['validate-config', '--json', '--config', file])
    const { code } = await product.exited
    const { diagnostics } = JSON.parse(product.stdout()) as { diagnostics: { message: string }[] }
    const complaints = diagnostics.filter(
      ({ message }) => !/^the environment variable \w+ is not set$/.test(message),
    )
    expect({ code, complaints }).toEqual({ code: 0, complaints: [] })
  })
})

describe('parseFencedBlocks', () => {
  it('reads blocks with their language and place, out of lists too', () => {
    const page = ['# A', '```bash', 'one', '', 'two', '```', '- item', '  ```', '  three', '  ```'].join('\n')
    expect(parseFencedBlocks('A.md', page)).toEqual([
      { place: 'A.md:2', language: 'bash', text: 'one\n\ntwo' },
      { place: 'A.md:8', language: '', text: 'three' },
    ])
  })

  it('refuses a fence that never closes', () => {
    expect(() => parseFencedBlocks('A.md', '```bash\none')).toThrow('A.md:1')
  })
})

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/_health/ready`)).ok
  } catch {
    return false
  }
}
