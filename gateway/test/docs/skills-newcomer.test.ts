import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { removeDirectory, temporaryDirectory } from '../harness/data-directory.ts'
import { freePort } from '../harness/free-port.ts'
import { type Product, runProduct } from '../harness/run-product.ts'
import { waitUntil } from '../harness/wait-until.ts'
import { readFencedBlocks } from './fenced-blocks.ts'
import { runScript } from './run-script.ts'

const program = fileURLToPath(new URL('../../bin/routeiq.js', import.meta.url))
const blocks = readFencedBlocks().filter(({ place }) => place.startsWith('README.md'))
const prepare = blocks.find(({ text }) => text.includes('routeiq skills sync'))?.text ?? ''
const turn = blocks.find(({ text }) => text.includes('/api/v1/traces'))?.text ?? ''

describe('a newcomer with nothing but the README', () => {
  let clone: string
  let url: string
  let gateway: Product

  beforeAll(async () => {
    clone = await temporaryDirectory()
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    gateway = runProduct(['start', '--host', '127.0.0.1', '--port', String(port)], {}, clone)
    await waitUntil('the gateway is ready', () => gateway.announced(), 45_000)
  })
  afterAll(async () => {
    gateway?.child.kill('SIGTERM')
    await gateway?.exited
    await removeDirectory(clone)
  })

  /** As pasted into a shell, at the address the test has. */
  const paste = (script: string) => {
    const text = script
      .replaceAll('http://localhost:4000', url)
      .replaceAll('npx routeiq', `${process.execPath} ${program}`)
    return runScript(
      `export ROUTEIQ_KEY=$(cat .routeiq/master-key) ROUTEIQ_API_KEY=$(cat .routeiq/master-key) ROUTEIQ_BASE_URL=${url}\n${text}`,
      clone,
    )
  }
  const effectiveness = async () => {
    const { output } = await paste(turn.split('\n').at(-1) ?? '')
    return JSON.parse(output).overall
  }

  it('brings a folder of skills and sees the right one on top', async () => {
    const { code, output } = await paste(prepare)
    expect({ code, output }).toEqual({ code: 0, output })
    expect(output).toMatch(/office-hours +created[\s\S]*refund-policy +created/)
    expect(output).toMatch(/SKILL +RELEVANCE.*\nrefund-policy /)
  })

  it('routes, answers with a model, reports, and sees the effectiveness move', async () => {
    await waitUntil('the skills are offered', async () =>
      (await paste('npx routeiq skills menu')).output.includes('refund-policy'),
    )
    const before = await effectiveness()
    const { code, output } = await paste(turn)
    expect({ code, output }).toEqual({ code: 0, output })
    expect(output).toContain('"chat.completion"')
    await waitUntil('the report is counted', async () => (await effectiveness()).judged_count === 1)
    const after = await effectiveness()
    expect(before.judged_count).toBe(0)
    // Nothing was known before: unknown, not zero.
    expect([before.pass_rate, before.effectiveness]).toEqual([null, null])
    expect(after.effectiveness).toBeGreaterThan(0.5)
    expect(after.pass_rate).toBe(1)
  })
})
