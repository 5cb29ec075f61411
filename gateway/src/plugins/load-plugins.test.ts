import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PluginsConfig } from '../config/config.ts'
import { importPlugin } from './import-plugin.ts'
import { loadPlugins } from './load-plugins.ts'
import { PluginStartError } from './loaded-plugin.ts'

const config = (written: readonly string[], changes: Partial<PluginsConfig> = {}): PluginsConfig => ({
  builtIn: new Set(),
  guards: { pii: null, injection: null, contentFilter: null, llamaGuard: null, bedrockGuardrails: null },
  modules: written.map((specifier) => ({ written: specifier, specifier, digest: null })),
  rejected: [],
  allowedCapabilities: null,
  evaluates: false,
  failureMode: 'continue',
  startupTimeoutMs: 1000,
  settings: {},
  ...changes,
})
/** Loads what modules of these names export. */
const load = (exported: Readonly<Record<string, unknown>>, changes: Partial<PluginsConfig> = {}) =>
  loadPlugins(config(Object.keys(exported), changes), async ({ specifier }) => exported[specifier], {
    llamaGuard: null,
    bedrockGuardrails: null,
  })

describe('loadPlugins', () => {
  it('takes objects and classes, and fills in their metadata', async () => {
    class Watcher {
      onRequest() {}
    }
    const given = { metadata: { name: 'given', version: '2.0.0', failureMode: 'abort' } }
    const { plugins } = await load(
      { './a.js': {}, './b.js': Watcher, './c.js': given },
      { failureMode: 'quarantine' },
    )
    expect(plugins.map(({ identity }) => identity)).toMatchObject([
      { name: '.-a.js', version: '0.0.0', capabilities: [], priority: 1000, failureMode: 'quarantine' },
      { name: 'Watcher' },
      { name: 'given', version: '2.0.0', failureMode: 'abort' },
    ])
  })

  it.each([
    ['no object', 'text', 'neither an object nor a class'],
    ['a hook that is none', { onRequst() {} }, 'there is no hook onRequst; did you mean onRequest?'],
    ['a hook that is no function', { onRequest: true }, 'its hook onRequest is no function'],
    ['an unknown capability', { metadata: { name: 'a', capabilities: ['FLY'] } }, 'capabilities'],
    [
      'a place for data',
      { metadata: { name: 'a', capabilities: ['STORAGE_BACKEND'] } },
      'STORAGE_BACKEND is not open to plugins',
    ],
    ['a provider that does not say so', { authenticate() {} }, 'needs the capability AUTH_PROVIDER'],
    ['a guard of answers that does not say so', { onLlmAnswer() {} }, 'needs the capability GUARDRAIL'],
    ['unknown metadata', { metadata: { name: 'a', depends_on: [] } }, 'depends_on'],
    ['a name with spaces', { metadata: { name: 'a b' } }, 'a name has'],
  ])('leaves out %s and says why', async (_case, exported, reason) => {
    const { plugins, absent } = await load({ './a.js': exported, './good.js': {} })
    expect(plugins).toHaveLength(1)
    expect(absent).toEqual([{ written: './a.js', status: 'failed', reason: expect.stringContaining(reason) }])
  })

  it('ends the start for that under `abort`', async () => {
    await expect(load({ './a.js': 1 }, { failureMode: 'abort' })).rejects.toThrow('./a.js cannot be loaded')
  })

  it('rejects capabilities that are not allowed', async () => {
    const exported = { './a.js': { metadata: { name: 'a', capabilities: ['ROUTES', 'GUARDRAIL'] } } }
    const { plugins, absent } = await load(exported, { allowedCapabilities: new Set(['ROUTES']) })
    expect(plugins).toEqual([])
    expect(absent).toMatchObject([{ status: 'rejected', reason: expect.stringContaining('GUARDRAIL') }])
  })

  it('ends the start for what must not be passed over, by its own word', async () => {
    const metadata = { name: 'a', capabilities: ['GUARDRAIL'], failureMode: 'abort' }
    const allowedCapabilities = new Set(['ROUTES'])
    await expect(load({ './a.js': { metadata } }, { allowedCapabilities })).rejects.toThrow(PluginStartError)
    class Guard {
      metadata = metadata
      onRequst() {}
    }
    for (const broken of [Guard, new Guard(), { metadata: { ...metadata, capabilities: ['FLY'] } }])
      await expect(load({ './a.js': broken })).rejects.toThrow('./a.js cannot be loaded')
    class Unmade extends Guard {
      constructor() {
        super()
        throw new Error('no')
      }
    }
    expect((await load({ './a.js': Unmade })).absent).toMatchObject([{ status: 'failed', reason: 'no' }])
  })

  it('never imports what was rejected', async () => {
    const rejected = [{ written: './evil.js', reason: 'no' }]
    const { absent } = await load({}, { rejected })
    expect(absent).toEqual([{ written: './evil.js', status: 'rejected', reason: 'no' }])
  })
})

describe('importPlugin', () => {
  let directory: string
  const text = 'export default { metadata: { name: "from-a-file" } }\n'
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'routeiq-plugins-'))
    writeFileSync(join(directory, 'plugin.mjs'), text)
    writeFileSync(join(directory, 'nothing.mjs'), 'export const named = 1\n')
    const installed = join(directory, 'node_modules/acme-plugin')
    mkdirSync(installed, { recursive: true })
    writeFileSync(join(installed, 'package.json'), '{"type":"module","exports":"./main.js"}')
    writeFileSync(join(installed, 'main.js'), 'export default { metadata: { name: "acme" } }\n')
  })
  afterAll(() => rmSync(directory, { recursive: true }))
  const take = (specifier: string, digest: string | null = null) =>
    importPlugin({ written: specifier, specifier, digest }, directory)

  it('finds files from the directory, and packages installed there', async () => {
    expect(await take('./plugin.mjs')).toMatchObject({ metadata: { name: 'from-a-file' } })
    expect(await take('acme-plugin')).toMatchObject({ metadata: { name: 'acme' } })
  })

  it('takes a pinned file only as it was pinned', async () => {
    const digest = createHash('sha256').update(text).digest('hex')
    expect(await take('./plugin.mjs', digest)).toMatchObject({ metadata: { name: 'from-a-file' } })
    await expect(take('./plugin.mjs', '0'.repeat(64))).rejects.toThrow(digest)
  })

  it.each([
    ['./missing.mjs', 'missing.mjs'],
    ['acme-typo', 'no plugin of this gateway is called acme-typo'],
    ['./nothing.mjs', 'no default export'],
  ])('says what is wrong with %s', async (specifier, message) => {
    await expect(take(specifier)).rejects.toThrow(message)
  })
})
