import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Gateway, startGateway } from '../harness/start-gateway.ts'
import { readFencedBlocks } from './fenced-blocks.ts'
import { runScript } from './run-script.ts'

const commands = readFencedBlocks().filter(({ place }) => place.startsWith('docs/effectiveness.md'))

let gateway: Gateway

beforeAll(async () => {
  gateway = await startGateway({ config: {} })
})
afterAll(() => gateway?.stop())

it('has examples', () => {
  expect(commands.length).toBeGreaterThan(5)
})

it.each(commands)('gets an answer: $place', async ({ text }) => {
  const script = `set -e\nexport ROUTEIQ_KEY=${gateway.masterKey}\n${text.replaceAll('http://localhost:4000', gateway.url)}`
  const { code, output } = await runScript(script, gateway.dataDir)
  expect({ code, output }).toEqual({ code: 0, output })
  expect(output).not.toBe('')
})
