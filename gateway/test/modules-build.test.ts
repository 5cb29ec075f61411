import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { removeDirectory, temporaryDirectory } from './harness/data-directory.ts'
import { runProduct } from './harness/run-product.ts'
import { type Gateway, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

const packages = fileURLToPath(new URL('../../node_modules', import.meta.url))
const words = `/** Counts what is there. */
export const count = (texts: readonly string[], unit = 'words') => ({ unit, of: texts.length })
/** Waits. */
export const wait = async (seconds?: number) => seconds ?? 0
export class Greeter {
  constructor(private readonly greeting: string) {}
  greet(name: string) {
    return [this.greeting, name].join(' ')
  }
  private hidden() {}
}
`
const numbers = '/** @param {number} value */\nexport function double(value) {\n  return 2 * value\n}\n'

let directory: string
let gateway: Gateway
let key: string

beforeAll(async () => {
  directory = await temporaryDirectory()
  write('modules/words.mts', words)
  write('modules/deep/numbers.mjs', numbers)
  gateway = await startGateway({
    config: {
      skills: {
        modules: {
          enabled: true,
          entries: [{ namespace: 'built', path: join(directory, 'modules/deep'), runtime: 'node' }],
        },
      },
    },
  })
  key = (await gateway.createKey()).key
})
afterAll(async () => {
  await gateway?.stop()
  await removeDirectory(directory)
})

function write(name: string, text: string): void {
  mkdirSync(dirname(join(directory, name)), { recursive: true })
  writeFileSync(join(directory, name), text)
}

async function build(...argv: readonly string[]) {
  const product = runProduct(['modules', ...argv], {}, directory)
  const { code } = await product.exited
  return { code, stdout: product.stdout(), stderr: product.stderr() }
}

const doubled = async () => {
  const answer = await call(gateway.url, '/skills/built.numbers/index.json', { key })
  return answer.json()[0]
}

it('needs the TypeScript of the project', async () => {
  const { code, stderr } = await build('build', 'modules')
  expect([code, stderr]).toEqual([1, expect.stringContaining('npm install -D typescript')])
})

it('says what a type checker knows, and the gateway goes by it until the file changes', async () => {
  expect(await doubled()).toMatchObject({ name: 'double', returns: 'any' })
  symlinkSync(packages, join(directory, 'node_modules'))
  const { code, stdout, stderr } = await build('build', 'modules')
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout.trim().split('\n')).toHaveLength(2)
  const manifest = JSON.parse(readFileSync(join(directory, 'modules/skills.manifest.json'), 'utf8'))
  expect(manifest.modules['words.mts'].items).toMatchObject([
    {
      name: 'count',
      docstring: 'Counts what is there.',
      args: [
        { name: 'texts', type: 'readonly string[]', required: true },
        { name: 'unit', type: 'string', required: false },
      ],
      returns: '{ unit: string; of: number; }',
    },
    { name: 'wait', async: true, returns: 'number', args: [{ name: 'seconds', required: false }] },
    { name: 'Greeter', kind: 'class', args: [{ name: 'greeting', type: 'string' }] },
    { name: 'Greeter.greet', kind: 'method', returns: 'string' },
  ])
  const typed = await waitUntil('the gateway has read the manifest', async () => {
    const item = await doubled()
    return item.returns === 'number' && item
  })
  expect(typed).toMatchObject({ args: [{ name: 'value', type: 'number' }] })
  write('modules/deep/numbers.mjs', numbers.replace('double', 'twice'))
  await waitUntil('the manifest is out of date', async () => {
    const item = await doubled()
    return item.name === 'twice' && item.returns === 'any'
  })
})

it('says how it is used', async () => {
  expect(await build('--help')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('modules build PATH'),
  })
  expect(await build()).toMatchObject({ code: 2, stderr: expect.stringContaining('Usage') })
  expect(await build('build', 'nowhere')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('no modules of JavaScript below nowhere'),
  })
})
