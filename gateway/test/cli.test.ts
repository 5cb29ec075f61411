import { once } from 'node:events'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { preparedDataDirectory, removeDirectory, temporaryDirectory } from './harness/data-directory.ts'
import { freePort } from './harness/free-port.ts'
import { type Product, runProduct } from './harness/run-product.ts'
import { initialiseDatabase, masterKey } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

let directory: string

beforeAll(async () => {
  directory = await temporaryDirectory()
})

afterAll(async () => {
  await removeDirectory(directory)
})

function file(name: string, text: string): string {
  const path = join(directory, name)
  writeFileSync(path, text)
  return path
}

async function run(argv: readonly string[], env: Record<string, string> = {}) {
  const product = runProduct(argv, env, directory)
  const { code } = await product.exited
  return { code, stdout: product.stdout(), stderr: product.stderr() }
}

const good =
  'model_list:\n  - model_name: gpt\n    litellm_params: {model: openai/gpt-4o, api_key: sk-of-the-test}\n'
const questionable = `${good}no_such_section: {a: 1}\n`
const wrong = `${good}router_settings: {num_retries: many}\ninclude: [missing.yaml]\n`

describe('version and help', () => {
  it.each([[['version']], [['--version']], [['-v']]])('%j', async (argv) => {
    const { code, stdout } = await run(argv)
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\S*\n$/)])
  })

  it.each([[['help']], [['--help']], [['start', '-h']]])('%j', async (argv) => {
    const { code, stdout } = await run(argv)
    expect(code).toBe(0)
    for (const command of ['start', 'validate-config', 'probe-services', 'version'])
      expect(stdout).toContain(command)
  })
})

describe('wrong usage ends with 2 and says how to go on', () => {
  it.each([
    [['frobnicate'], 'unknown command frobnicate'],
    [['start', '--no-such-flag'], '--no'],
    [['start', '--port', 'http'], '--port needs a number'],
    [['start', '--workers', '0'], '--workers needs a number from 1'],
    [['start', '--config'], '--config'],
    [['start', 'extra'], 'extra'],
  ])('%j', async (argv, message) => {
    const { code, stdout, stderr } = await run(argv)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(message)
    expect(stderr).toContain('routeiq --help')
  })
})

describe('validate-config', () => {
  it('is content with a good file', async () => {
    expect((await run(['validate-config', '--config', file('good.yaml', good)])).code).toBe(0)
    expect((await run(['--validate-config', '-c', file('good.yaml', good)])).code).toBe(0)
  })

  it('warns, and fails only when strict', async () => {
    const path = file('questionable.yaml', questionable)
    const lenient = await run(['validate-config', '--config', path])
    expect([lenient.code, lenient.stdout]).toEqual([0, expect.stringContaining('no_such_section')])
    expect((await run(['validate-config', '--config', path, '--strict'])).code).not.toBe(0)
  })

  it('reports every problem at once, also as JSON', async () => {
    const path = file('wrong.yaml', wrong)
    const text = await run(['validate-config', '--config', path])
    expect(text.code).toBe(2)
    expect(text.stdout).toMatch(/num_retries/)
    expect(text.stdout).toMatch(/missing\.yaml/)
    const json = await run(['validate-config', '--config', path, '--json'])
    expect(json.code).toBe(2)
    expect(JSON.stringify(JSON.parse(json.stdout))).toMatch(/num_retries.*|missing\.yaml/)
  })

  it.each([
    ['is missing', () => join(directory, 'nothing.yaml')],
    ['is no YAML', () => file('broken.yaml', 'model_list: [\n')],
    ['is a list', () => file('list.yaml', '- a\n')],
  ])('fails when the file %s', async (_, path) => {
    const { code, stdout } = await run(['validate-config', '--config', path()])
    expect([code, stdout]).toEqual([2, expect.stringMatching(/\S/)])
  })

  it('never shows a secret', async () => {
    const text = good.replace('sk-of-the-test', 'sk-canary-in-the-file-123456').replace('gpt-4o', '[gpt-4o]')
    const { stdout, stderr } = await run(['validate-config', '--config', file('canary.yaml', text), '--json'])
    expect(stdout + stderr).not.toContain('canary-in-the-file')
  })
})

describe('probe-services', () => {
  it('says what is configured and fails when a service does not answer', async () => {
    const none = await run(['probe-services', '--config', file('good.yaml', good), '--data-dir', directory])
    expect(none.code).toBe(0)
    const env = {
      DATABASE_URL: 'postgresql://user:canary-password@127.0.0.1:1/none',
      REDIS_URL: 'redis://127.0.0.1:1',
    }
    for (const flags of [[], ['--json']]) {
      const { code, stdout, stderr } = await run(['probe-services', ...flags], env)
      expect(code).toBe(1)
      expect(stdout).toContain('failed')
      expect(stdout + stderr).not.toContain('canary-password')
    }
  })
})

describe('start refuses', () => {
  const start = (argv: readonly string[], env: Record<string, string> = {}) =>
    run(['start', '--config', file('good.yaml', good), '--data-dir', join(directory, 'data'), ...argv], env)

  it('a port that is taken, with 1', async () => {
    const server = net.createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as net.AddressInfo
    const dataDir = await preparedDataDirectory(initialiseDatabase)
    const argv = ['--host', '127.0.0.1', '--port', String(port), '--data-dir', dataDir]
    const { code, stderr } = await start(argv, { LITELLM_MASTER_KEY: masterKey })
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining(`port ${port} on 127.0.0.1 is already in use`),
    ])
    server.close()
    await removeDirectory(dataDir)
  })

  it('a configuration that cannot be used, with 2', async () => {
    const { code, stderr } = await run(['start', '--config', file('broken.yaml', 'model_list: [\n')])
    expect([code, stderr]).toEqual([2, expect.stringContaining('configuration cannot be used')])
  })

  it.each([
    ['production without a key', ['--host', '127.0.0.1'], { ROUTEIQ_ENV: 'production' }],
    ['production without a key, even when asked', ['--insecure-no-auth'], { ROUTEIQ_ENV: 'production' }],
    ['production with a sample key', [], { ROUTEIQ_ENV: 'production', LITELLM_MASTER_KEY: 'sk-1234' }],
    ['production with a short key', [], { ROUTEIQ_ENV: 'production', LITELLM_MASTER_KEY: 'sk-short-key' }],
    ['no key where one is required', ['--insecure-no-auth'], { ROUTEIQ_REQUIRE_AUTH: 'true' }],
  ])('%s, with 2', async (_, argv, env) => {
    const { code, stderr } = await start([...argv, '--port', '0'], env as unknown as Record<string, string>)
    expect([code, stderr]).toEqual([2, expect.stringContaining('master_key')])
  })
})

describe('start without a master key', () => {
  async function serve(dataDir: string, argv: readonly string[], env: Record<string, string> = {}) {
    const port = await freePort()
    const config = file('mock.yaml', `${good.replace('api_key: sk-of-the-test', 'mock_response: Hello')}`)
    const flags = ['--config', config, '--data-dir', dataDir, '--host', '127.0.0.1', '--port', String(port)]
    const product = runProduct(['start', ...flags, ...argv], env, directory)
    await waitUntil('it is ready', () => product.announced(), 20_000)
    return { product, url: `http://127.0.0.1:${port}` }
  }

  const chat = (url: string, key?: string) =>
    call(url, '/v1/chat/completions', {
      ...(key === undefined ? {} : { key }),
      body: { model: 'gpt', messages: [{ role: 'user', content: 'Hi' }] },
    })

  async function end(product: Product): Promise<void> {
    product.child.kill('SIGTERM')
    expect((await product.exited).code).toBe(0)
  }

  it('makes one, shows it once and keeps it for its owner alone', async () => {
    const dataDir = await preparedDataDirectory(initialiseDatabase)
    const first = await serve(dataDir, [])
    const kept = join(dataDir, 'master-key')
    const key = readFileSync(kept, 'utf8').trim()
    expect(key).toMatch(/^sk-\S{32,}$/)
    expect(statSync(kept).mode & 0o777).toBe(0o600)
    const shown = first.product.stdout() + first.product.stderr()
    expect(shown.split(key)).toHaveLength(2)
    expect(shown.match(/^ {2}curl /gm)).toHaveLength(3)
    expect((await chat(first.url)).status).toBe(401)
    expect((await chat(first.url, key)).status).toBe(200)
    await end(first.product)
    const second = await serve(dataDir, [])
    expect(second.product.stdout() + second.product.stderr()).not.toContain(key)
    expect((await chat(second.url, key)).status).toBe(200)
    await end(second.product)
    await removeDirectory(dataDir)
  })

  it('serves models to everybody when told to, and keeps the control plane closed', async () => {
    const dataDir = await preparedDataDirectory(initialiseDatabase)
    const { product, url } = await serve(dataDir, ['--insecure-no-auth'])
    expect((await chat(url)).status).toBe(200)
    expect((await chat(url, 'sk-whatever-a-client-insists-on')).status).toBe(200)
    const refused = await call(url, '/key/generate', { body: {} })
    expect([refused.status, refused.json().detail.error]).toEqual([403, 'control_plane_not_configured'])
    const ready = (await call(url, '/_health/ready')).json()
    expect(ready.checks.authentication.status).toBe('open')
    expect(product.stdout() + product.stderr()).toContain('no key is configured')
    await end(product)
    await removeDirectory(dataDir)
  })
})
