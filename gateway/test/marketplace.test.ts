import { afterAll, beforeAll, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { type Gateway, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

const config = {
  routeiq: { skills: { marketplace: { enabled: true, name: 'acme-tools', owner: 'Acme' } } },
}
const root = '/claude-code/plugins'
let gateway: Gateway

beforeAll(async () => {
  gateway = await startGateway({ config, workers: 2 })
})
afterAll(() => gateway?.stop())

const admin = (path: string, body?: object, method?: string) =>
  call(gateway.url, path, {
    key: gateway.masterKey,
    ...(body === undefined ? {} : { body }),
    ...(method === undefined ? {} : { method }),
  })
const document = async () => (await call(gateway.url, '/claude-code/marketplace.json')).json()
const shown = async () => (await document()).plugins.map(({ name }: { name: string }) => name)

it('names enabled plugins in the form Claude Code reads', async () => {
  const { status, json } = await admin(root, {
    name: 'refunds',
    source: {
      source: 'git-subdir',
      url: 'https://git.test/acme/tools.git',
      path: 'plugins/refunds',
      ref: 'main',
    },
    description: 'Refunds orders.',
    version: '1.2.0',
    author: { name: 'Acme', email: 'tools@acme.test' },
    keywords: ['orders'],
    domain: 'support',
    namespace: 'acme',
  })
  expect([status, json()]).toMatchObject([
    200,
    { status: 'success', action: 'created', plugin: { name: 'refunds', enabled: true, domain: 'support' } },
  ])
  await admin(root, { name: 'brand', source: { source: 'github', repo: 'acme/brand' } })
  await admin(root, { name: 'mail', source: { source: 'url', url: 'git@git.test:acme/mail.git' } })
  let answer = await call(gateway.url, '/claude-code/marketplace.json')
  await waitUntil('this worker knows of them', async () => {
    answer = await call(gateway.url, '/claude-code/marketplace.json')
    return answer.json().plugins.length === 3
  })
  expect(answer.json()).toEqual({
    name: 'acme-tools',
    owner: { name: 'Acme' },
    plugins: [
      { name: 'brand', source: { source: 'github', repo: 'acme/brand' } },
      { name: 'mail', source: { source: 'url', url: 'git@git.test:acme/mail.git' } },
      {
        name: 'refunds',
        source: {
          source: 'git-subdir',
          url: 'https://git.test/acme/tools.git',
          path: 'plugins/refunds',
          ref: 'main',
        },
        description: 'Refunds orders.',
        version: '1.2.0',
        author: { name: 'Acme', email: 'tools@acme.test' },
        keywords: ['orders'],
      },
    ],
  })
  const etag = answer.headers['etag'] ?? ''
  await waitUntil('the client has it already', async () => {
    const headers = { 'if-none-match': etag }
    return (await call(gateway.url, '/claude-code/marketplace.json', { headers })).status === 304
  })
})

it('is changed by admins, and follows within five seconds', async () => {
  const changed = await admin(root, { name: 'brand', source: { source: 'github', repo: 'acme/brand-2' } })
  expect(changed.json()).toMatchObject({ action: 'updated', plugin: { source: { repo: 'acme/brand-2' } } })
  expect((await admin(`${root}/brand`)).json()).toMatchObject({ name: 'brand', enabled: true })
  expect((await admin(`${root}/mail/disable`, {})).json()).toMatchObject({ status: 'success' })
  expect((await admin(`${root}/refunds`, undefined, 'DELETE')).json()).toMatchObject({ status: 'success' })
  await waitUntil('only one is left', async () => (await shown()).join() === 'brand')
  expect((await admin(root)).json()).toMatchObject({
    count: 2,
    plugins: [{ name: 'brand' }, { name: 'mail', enabled: false }],
  })
  await admin(`${root}/mail/enable`, {})
  await waitUntil('it is back', async () => (await shown()).length === 2)
})

it('shows plugins and public skills in one list', async () => {
  const { key } = await gateway.createKey({ organization_id: 'acme' })
  const content = '---\nname: hours\ndescription: When we are open.\n---\n\nNine to five.\n'
  await call(gateway.url, '/v1/skills', { key, body: { files: [{ path: 'hours/SKILL.md', content }] } })
  await call(gateway.url, '/api/v1/skills/hours/publish?category=office', { key, method: 'POST' })
  // The other worker may not know yet, so what was seen is what counts.
  let seen = { count: 0, plugins: [] }
  await waitUntil('it is there', async () => {
    seen = (await call(gateway.url, '/public/skill_hub')).json()
    return seen.count === 3
  })
  expect(seen.plugins).toMatchObject([
    { type: 'plugin', name: 'brand', source: { source: 'github' } },
    { type: 'skill', name: 'hours', source: null, description: 'When we are open.' },
    { type: 'plugin', name: 'mail' },
  ])
})

it('refuses what Claude Code could not install, strangers and unknown names', async () => {
  for (const body of [
    { name: 'Bad Name', source: { source: 'github', repo: 'a/b' } },
    { name: 'a', source: './plugins/a' },
    { name: 'a', source: { source: 'npm', package: 'a' } },
    { name: 'a', source: { source: 'github', repo: 'no-owner' } },
    { name: 'a', source: { source: 'url', url: 'file:///etc' } },
    { name: 'a', source: { source: 'git-subdir', url: 'https://git.test/a.git', path: '../b' } },
  ])
    expect((await admin(root, body)).status, JSON.stringify(body)).toBe(422)
  expect((await admin(`${root}/missing`)).status).toBe(404)
  expect((await admin(`${root}/missing/enable`, {})).status).toBe(404)
  const { key } = await gateway.createKey()
  expect((await call(gateway.url, root, { key })).status).toBe(403)
})

it('is off unless it is asked for', async () => {
  const plain = await startGateway({ config: {} })
  for (const path of ['/claude-code/marketplace.json', '/public/skill_hub'])
    expect((await call(plain.url, path)).status).toBe(404)
  await plain.stop()
})
