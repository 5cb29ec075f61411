import { once } from 'node:events'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { preparedDataDirectory, removeDirectory, temporaryDirectory } from './harness/data-directory.ts'
import { freePort } from './harness/free-port.ts'
import { type Product, runProduct } from './harness/run-product.ts'
import { masterKey } from './harness/start-gateway.ts'
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
const wrong = `${good.replace('sk-of-the-test', '[sk-canary-in-the-file-123456]')}router_settings: {num_retries: many}\ninclude: [missing.yaml]\n`

it('version and help', async () => {
  const [version, help] = await Promise.all([run(['--version']), run(['help'])])
  expect([version.code, version.stdout]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\S*\n$/)])
  expect(help.code).toBe(0)
  for (const command of ['start', 'validate-config', 'probe-services']) expect(help.stdout).toContain(command)
})

it('wrong usage ends with 2 and says how to go on', async () => {
  const [command, flag] = await Promise.all([run(['frobnicate']), run(['start', '--port', 'http'])])
  expect([command.code, command.stdout]).toEqual([2, ''])
  expect(command.stderr).toMatch(/unknown command frobnicate[\s\S]*routeiq --help/)
  expect([flag.code, flag.stderr]).toEqual([2, expect.stringContaining('--port needs a number')])
})

it('failures are JSON on standard output for who reads JSON', async () => {
  const failures = await Promise.all([
    run(['start', '--port', 'http', '--json']),
    run(['probe-services', '--json', '--config', file('broken.yaml', wrong)]),
    run(['skills', 'list', '--json', '--base-url', 'http://127.0.0.1:1']),
  ])
  expect(failures.map(({ stderr }) => stderr)).toEqual(['', '', ''])
  expect(failures.map(({ code }) => code)).toEqual([2, 2, 4])
  const [usage, configuration, gone] = failures.map(({ stdout }) => JSON.parse(stdout))
  expect(usage).toEqual({ error: { message: '--port needs a number from 0, not http', exit_code: 2 } })
  expect(JSON.stringify(configuration)).toContain('num_retries')
  expect(gone).toMatchObject({ error: { exit_code: 4 } })
})

describe('validate-config', () => {
  it('is content with a good file, warns of questionable ones, and fails then only when strict', async () => {
    const path = file('questionable.yaml', questionable)
    const [fine, lenient, strict] = await Promise.all([
      run(['validate-config', '--config', file('good.yaml', good), '--strict']),
      run(['validate-config', '--config', path]),
      run(['--validate-config', '--strict', '-c', path]),
    ])
    expect(fine.code).toBe(0)
    expect([lenient.code, lenient.stdout]).toEqual([0, expect.stringContaining('no_such_section')])
    expect(strict.code).not.toBe(0)
  })

  it('reports every problem at once, as text or as JSON, and no secret', async () => {
    const path = file('wrong.yaml', wrong)
    const [text, json] = await Promise.all([
      run(['validate-config', '--config', path]),
      run(['validate-config', '--config', path, '--json']),
    ])
    expect([text.code, json.code]).toEqual([2, 2])
    for (const output of [text.stdout, JSON.stringify(JSON.parse(json.stdout))]) {
      expect(output).toMatch(/num_retries/)
      expect(output).toMatch(/missing\.yaml/)
      expect(output).not.toContain('canary-in-the-file')
    }
  })

  it('fails when the file is missing', async () => {
    const { code, stdout } = await run(['validate-config', '--config', join(directory, 'nothing.yaml')])
    expect([code, stdout]).toEqual([2, expect.stringContaining('nothing.yaml')])
  })
})

it('probe-services says what is configured and fails when a service does not answer', async () => {
  const env = {
    DATABASE_URL: 'postgresql://user:canary-password@127.0.0.1:1/none',
    REDIS_URL: 'redis://127.0.0.1:1',
  }
  const [none, failing] = await Promise.all([
    run(['probe-services', '--config', file('good.yaml', good), '--data-dir', directory]),
    run(['probe-services', '--json'], env),
  ])
  expect(none.code).toBe(0)
  expect([failing.code, failing.stdout]).toEqual([1, expect.stringContaining('failed')])
  expect(failing.stdout + failing.stderr).not.toContain('canary-password')
})

describe('start refuses', () => {
  const start = (argv: readonly string[], env: Record<string, string> = {}) =>
    run(['start', '--config', file('good.yaml', good), '--data-dir', join(directory, 'data'), ...argv], env)

  it('a port that is taken, with 1', async () => {
    const server = net.createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as net.AddressInfo
    const dataDir = await preparedDataDirectory()
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

  it('what would be open where it must not be, with 2', async () => {
    const production = { ROUTEIQ_ENV: 'production' }
    const refused = await Promise.all([
      start(['--host', '127.0.0.1', '--insecure-no-auth'], production),
      start([], { ...production, LITELLM_MASTER_KEY: 'sk-1234' }),
      start(['--insecure-no-auth'], { ROUTEIQ_REQUIRE_AUTH: 'true' }),
    ])
    for (const { code, stderr } of refused)
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
    const dataDir = await preparedDataDirectory()
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
    const dataDir = await preparedDataDirectory()
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
