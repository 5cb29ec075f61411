import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { listDatabases } from './harness/databases.ts'
import { type Gateway, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

const salt = 'a salt of the tests, long enough'
const path = '/api/v1/router/embedder'
const others = Array.from({ length: 40 }, (_, n) => ({
  name: `other-${n}`,
  description: `Kind number ${n}.`,
}))

/** What the workspace's own server was asked. */
const asked: {
  readonly authorization: string | undefined
  readonly input: string[]
  readonly model: string
}[] = []
let server: Server
let answer: (texts: readonly string[]) => object
let url: string
let gateway: Gateway
let admin: string
let plain: string
let neighbour: string

/** Two topics that share no word with what is asked. */
const meaningOf = (text: string): number[] =>
  /giraffe|sunshine/i.test(text) ? [1, 0] : /walrus/i.test(text) ? [0, 1] : [0.5, 0.5]
const embed = (texts: readonly string[]): object => ({
  data: texts.map((text, index) => ({ object: 'embedding', index, embedding: meaningOf(text) })),
})

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const { input, model } = JSON.parse(await readText(request)) as { input: string[]; model: string }
    asked.push({ authorization: request.headers.authorization, input, model })
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer(input)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/embeddings`
  answer = embed
  const [database] = await listDatabases()
  const env = { LLMROUTER_OUTBOUND_HOST_ALLOWLIST: '127.0.0.1', LITELLM_SALT_KEY: salt }
  gateway = await startGateway({ config: {}, env: { ...(await database?.create())?.env, ...env } })
  const keyOf = async (body: object) => (await gateway.createKey(body)).key
  admin = await keyOf({ organization_id: 'acme', permissions: { 'skills.admin': true } })
  plain = await keyOf({ organization_id: 'acme' })
  neighbour = await keyOf({ organization_id: 'globex' })
})
afterAll(async () => {
  await gateway?.stop()
  server?.close()
})

const own = () => ({ url, model: 'ours', dimensions: 2, api_key: 'sk-of-acme' })
const put = (body: object, key = admin) => call(gateway.url, path, { method: 'PUT', key, body })
const show = async (key: string) => (await call(gateway.url, path, { key })).json()
const route = async (query: string, key = plain) =>
  (await call(gateway.url, '/api/v1/skills/route', { key, body: { query } })).json()
const setQuota = (body: object | null) =>
  call(gateway.url, '/api/v1/quotas/acme', {
    ...{ method: body === null ? 'DELETE' : 'PUT', key: gateway.masterKey },
    ...(body === null ? {} : { body }),
  })

it('is refused for who may not choose it, for addresses that may not be called, and for what does not work', async () => {
  expect((await put(own(), plain)).json()).toMatchObject({ code: 'permission_denied' })
  for (const [body, words] of [
    [{ ...own(), url: 'http://169.254.169.254/v1/embeddings' }, 'may not be called'],
    [{ ...own(), url: 'http://10.0.0.1/v1/embeddings' }, 'may not be called'],
    [{ ...own(), url: 'file:///etc/passwd' }, 'may not be called'],
    [{ ...own(), url: 'http://127.0.0.1:9/v1/embeddings' }, 'could not be used'],
    [{ ...own(), dimensions: 3 }, 'vectors of 2 dimensions'],
  ] as const) {
    const refused = await put(body)
    expect([refused.status, refused.text]).toEqual([400, expect.stringContaining(words)])
  }
  answer = () => ({ nothing: true })
  expect((await put(own())).text).toContain('not that of an embedding')
  answer = embed
  expect((await put({ ...own(), dimension: 2 })).status).toBe(422)
  expect(await show(plain)).toEqual({ source: 'gateway', kind: 'static', model: null, available: true })
})

it('finds skills of its workspace by what it knows, and sees nothing of other workspaces', async () => {
  const skills = [
    { name: 'tall-animals', description: 'All about the giraffe.' },
    { name: 'sea-animals', description: 'All about the walrus.' },
    ...others,
  ].map((skill) => ({
    ...skill,
    body_markdown: `# ${skill.name}\n\n${'Step by step until it is done. '.repeat(3)}`,
  }))
  for (const key of [plain, neighbour]) {
    const body = { skills, conflict_policy: 'local_wins' }
    expect((await call(gateway.url, '/api/v1/skills/sync', { key, body })).json().failures).toBe(0)
  }
  expect((await put(own())).json()).toMatchObject({ status: 'ok', source: 'workspace', model: 'ours' })
  await waitUntil(
    'the skills have their vectors',
    async () => (await route('sunshine')).skills[0]?.name === 'tall-animals',
  )
  expect(await show(plain)).toMatchObject({ source: 'workspace', kind: 'model', model: 'ours' })
  expect(await show(neighbour)).toMatchObject({ source: 'gateway', kind: 'static' })
  const before = asked.length
  await route('sunshine of globex', neighbour)
  expect(asked.length).toBe(before)
  expect(new Set(asked.map(({ authorization, model }) => `${authorization} ${model}`))).toEqual(
    new Set(['Bearer sk-of-acme ours']),
  )
})

it('keeps its key to itself, and outlives a restart', async () => {
  await gateway.restart()
  await waitUntil(
    'it is asked again',
    async () => (await route('sunshine')).skills[0]?.name === 'tall-animals',
  )
  const shown = JSON.stringify([await show(admin), await route('x')]) + gateway.stdout() + gateway.stderr()
  expect(shown).not.toContain('sk-of-acme')
})

it('goes on by words while it does not answer, and says so', async () => {
  answer = () => ({ nothing: true })
  expect(await route('the walrus, once more')).toMatchObject({ degraded_reason: 'embedder_unavailable' })
  expect((await route('the walrus, and again')).skills[0].name).toBe('sea-animals')
  answer = embed
})

it('is not for plans without it: none is taken, and one that is there is left', async () => {
  await setQuota({ plan: 'core', limits: { byo_embedder: false } })
  const refused = await put(own())
  expect([refused.status, refused.json()]).toMatchObject([
    403,
    { code: 'feature_disabled', detail: { plan: 'core', feature: 'byo_embedder' } },
  ])
  await waitUntil('the gateway embeds', async () => (await show(plain)).source === 'gateway')
  await setQuota(null)
  await waitUntil('its own is back', async () => (await show(plain)).source === 'workspace')
})

it('is given up for the one of the gateway', async () => {
  const given = await call(gateway.url, path, { method: 'DELETE', key: admin })
  expect(given.json()).toMatchObject({ status: 'ok', deleted: true, source: 'gateway' })
  await route('a question nobody asked before')
  expect(asked.flatMap(({ input }) => input)).not.toContain('a question nobody asked before')
})
