import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { builtInPriceTable } from '../deployments/for-test.ts'
import { ConfigurationHolder, sharesState } from './configuration-holder.ts'
import { readConfiguration } from './load-runtime.ts'

let directory: string
let file: string
let now: number

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'configuration-holder-'))
  file = join(directory, 'config.yaml')
  now = 1_000
})
afterEach(() => {
  rmSync(directory, { recursive: true, force: true })
})

function write(models: string[], more = ''): void {
  const entries = models.map(
    (name) =>
      `  - { model_name: ${name}, litellm_params: { model: openai/${name}, api_key: sk-x }, model_info: { id: ${name} } }`,
  )
  writeFileSync(file, `model_list:\n${entries.join('\n')}\n${more}`)
}

function open(flags: { workers?: number } = {}, env: Record<string, string> = {}): ConfigurationHolder {
  const all = { config: file, dataDir: directory, ...flags }
  const variables = { LITELLM_MASTER_KEY: 'sk-first-master-key', ...env }
  const { config } = readConfiguration(all, variables)
  if (config === null) throw new Error('the first configuration is refused')
  return new ConfigurationHolder({
    config,
    flags: all,
    env: variables,
    prices: builtInPriceTable(),
    now: () => now,
  })
}

const models = (holder: ConfigurationHolder): string[] => [...holder.runtime.routing.groups.keys()]

describe('reload', () => {
  it('swaps what has changed as a whole; who holds the old one keeps it', () => {
    write(['one'])
    const holder = open()
    const before = holder.runtime
    const kept = holder.states.get('one')
    write(['one', 'two'], 'router_settings: { routing_strategy: least-busy }')
    now = 2_000
    expect(holder.reload()).toMatchObject({ changed: true, succeeded: true, files: [file] })
    expect(models(holder)).toEqual(['one', 'two'])
    expect(holder.strategy.name).toBe('least-busy')
    expect([...before.routing.groups.keys()]).toEqual(['one'])
    expect(holder.states.get('one')).toBe(kept)
    expect(holder.history).toEqual({
      lastAttemptAt: 2_000,
      lastSuccessAt: 2_000,
      lastError: null,
      reloads: 1,
    })
  })

  it('changes nothing when nothing has changed', () => {
    write(['one'])
    const holder = open()
    const { runtime, strategy } = holder
    expect(holder.reload()).toMatchObject({ changed: false, succeeded: true })
    expect([holder.runtime, holder.strategy]).toEqual([runtime, strategy])
    expect(holder.runtime).toBe(runtime)
  })

  it('keeps what is in force when the new one is refused, and says why', () => {
    write(['one'])
    const holder = open()
    const { runtime } = holder
    writeFileSync(file, 'model_list: [')
    now = 3_000
    const report = holder.reload()
    expect([report.succeeded, report.changed]).toEqual([false, false])
    expect(report.diagnostics.some(({ severity }) => severity === 'error')).toBe(true)
    expect(holder.runtime).toBe(runtime)
    expect(holder.history).toMatchObject({ lastAttemptAt: 3_000, lastSuccessAt: null })
    expect(holder.history.lastError).not.toBeNull()
    write(['two'])
    now = 4_000
    expect(holder.reload().succeeded).toBe(true)
    expect(holder.history).toEqual({
      lastAttemptAt: 4_000,
      lastSuccessAt: 4_000,
      lastError: null,
      reloads: 1,
    })
    expect(models(holder)).toEqual(['two'])
  })

  it('forgets the state of deployments that are gone', () => {
    write(['one', 'two'])
    const holder = open()
    const gone = holder.states.get('two')
    write(['one'])
    holder.reload()
    write(['one', 'two'])
    holder.reload()
    expect(holder.states.get('two')).not.toBe(gone)
  })

  it('leaves to a restart what only a restart can change', () => {
    write(['one'])
    const holder = open()
    const { identity, storage, server } = holder.runtime.config
    write(
      ['one'],
      'general_settings: { master_key: sk-other-master-key, database_url: "postgresql://x/y", max_request_size_mb: 1, port: 1 }',
    )
    expect(holder.reload()).toMatchObject({ changed: true, succeeded: true })
    const { config } = holder.runtime
    expect(config.identity).toBe(identity)
    expect(config.storage).toBe(storage)
    expect([config.server.port, config.server.host, config.server.workers]).toEqual([
      server.port,
      server.host,
      server.workers,
    ])
    expect(config.server.maxRequestBytes).toBe(1_048_576)
  })
})

it('recompiles the configuration in force when prices have come from elsewhere', () => {
  write(['one'])
  const holder = open()
  const { runtime } = holder
  holder.recompile()
  expect(holder.runtime).not.toBe(runtime)
  expect(holder.runtime.config).toBe(runtime.config)
  expect(holder.history.lastAttemptAt).toBeNull()
})

it('state is shared with other workers and over Redis', () => {
  write(['one'])
  expect(sharesState(open().runtime.config)).toBe(false)
  expect(sharesState(open({ workers: 2 }).runtime.config)).toBe(true)
  expect(sharesState(open({}, { REDIS_URL: 'redis://cache' }).runtime.config)).toBe(true)
})
