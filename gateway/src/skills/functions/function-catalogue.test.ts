import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { FunctionCatalogue } from './function-catalogue.ts'
import type { Host } from './isolation.ts'

const source = `import { helper } from './other.ts'
/** Says hello. */
export async function greet(name: string, times?: number): Promise<string> { return helper(name, times) }
export class Greeter { constructor(private readonly word: string = 'hi') {} run(name: string): string { return this.word + name } }
export type Name = string
`
let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'modules-'))
  writeFileSync(join(folder, 'greetings.ts'), source)
  writeFileSync(join(folder, 'other.ts'), 'export const helper = (name: string): string => name\n')
  writeFileSync(join(folder, 'types.d.ts'), 'export declare function none(): void\n')
  writeFileSync(join(folder, 'built.ts'), 'export const built = (): number => 1\n')
  writeFileSync(join(folder, 'built.js'), 'export const built = () => 1\n')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function catalogueOn(nodeTypes: string | null): FunctionCatalogue {
  const host: Host = {
    node: 'node',
    python: null,
    namespaces: null,
    prlimit: false,
    nodePermissions: null,
    nodeTypes,
  }
  const entry = {
    namespace: 'tests',
    path: folder,
    runtime: 'node',
    include: [],
    exclusiveGroup: null,
  } as const
  const limits = { timeoutMs: 1000, memoryMb: 64, network: 'deny', env: [], read: [] } as const
  const options = {
    cacheSize: 10,
    maxConcurrent: 1,
    maxQueued: 1,
    requireIsolation: 'none',
    debug: false,
    clientTools: {},
  } as const
  return new FunctionCatalogue({ ...options, entries: [{ ...entry, ...limits }] }, host, () => 0)
}

it('describes TypeScript where Node runs it', async () => {
  const { modules, byFullName } = await catalogueOn('--experimental-strip-types').read()
  expect(modules.map(({ namespace, problem }) => [namespace, problem])).toEqual([
    ['tests.built', null],
    ['tests.greetings', null],
    ['tests.other', null],
  ])
  expect(byFullName.get('tests.greetings.greet')?.item).toMatchObject({
    docstring: 'Says hello.',
    async: true,
    args: [
      { name: 'name', type: 'string', required: true },
      { name: 'times', type: 'number', required: false },
    ],
    returns: 'string',
  })
  expect(byFullName.get('tests.greetings.Greeter.run')?.item.returns).toBe('string')
  expect(modules[1]?.description.imports).toEqual(['tests.other'])
})

it('says where Node does not, and offers what was compiled', async () => {
  const catalogue = catalogueOn(null)
  const { byFullName } = await catalogue.read()
  expect([...byFullName.keys()]).toEqual(['tests.built.built'])
  expect(await catalogue.report()).toMatchObject([
    { namespace: 'tests.built', status: 'ok' },
    { namespace: 'tests.greetings', status: 'failed', problem: expect.stringContaining('TypeScript') },
    { namespace: 'tests.other', status: 'failed' },
  ])
})
