import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, call } from '../harness/call-gateway.ts'
import { type ProductDatabase, startGatewayOver } from '../harness/databases.ts'
import type { Gateway } from '../harness/start-gateway.ts'

const secret = 'the safe is behind the picture'
const skillMd = (body: string): string => `---\nname: vault\ndescription: About the vault.\n---\n\n${body}.\n`
const unknown = '00000000-0000-4000-8000-000000000000'
const dialects = ['anthropic', 'openai'] as const

let gateway: Gateway
let owner: string
let stranger: string
/** Every spelling of the owner's skill, and of its version. */
let skills: readonly string[]
let versions: readonly string[]

/** Not found, in the words that are used for what does not exist at all. */
function expectUnknown(answer: Answer, what: string): void {
  expect(answer.status, what).toBe(404)
  expect(answer.text, what).not.toContain('picture')
}

/** What belongs to another workspace does not exist, by any spelling, on any wire. */
export function describeTenants(database: ProductDatabase): void {
  beforeAll(async () => {
    gateway = await startGatewayOver(database, {
      config: {
        model_list: [
          {
            model_name: 'demo',
            litellm_params: { model: 'openai/demo', api_key: 'x', api_base: 'http://127.0.0.1:9/v1' },
          },
        ],
        routeiq: {
          skills: {
            well_known: { enabled: true, sources: ['store'] },
            injection: { route_timeout_ms: 10_000 },
          },
        },
      },
    })
    owner = (await gateway.createKey({ organization_id: 'acme' })).key
    stranger = (await gateway.createKey({ organization_id: 'globex' })).key
    const files = [
      { path: 'vault/SKILL.md', content: skillMd(secret) },
      { path: 'vault/notes/code.md', content: secret },
    ]
    const created = (await call(gateway.url, '/v1/skills', { key: owner, body: { files } })).json()
    const shown = (await call(gateway.url, '/api/v1/skills/vault', { key: owner })).json()
    const listed = (
      await call(gateway.url, '/v1/skills/vault/versions', {
        key: owner,
        headers: { 'anthropic-version': '2023-06-01' },
      })
    ).json()
    const validated = await call(gateway.url, '/api/v1/skills/validate', { key: owner, body: { files } })
    skills = ['vault', created.id, shown.skill_id, `litellm_skill_${shown.skill_id}`, `litellm:${created.id}`]
    versions = [
      'latest',
      '1',
      created.latest_version,
      listed.data[0].id,
      shown.latest_version.id,
      validated.json().tree_digest,
      `sha256:${validated.json().tree_digest}`,
    ]
  })
  afterAll(() => gateway?.stop())

  describe.each(dialects)("a stranger who speaks %s's wire", (dialect) => {
    const ask = (path: string, options: { method?: string; body?: object; key?: string } = {}) =>
      call(gateway.url, `/v1/skills/${path}`, {
        key: stranger,
        headers: { 'x-routeiq-dialect': dialect },
        ...options,
      })

    it('finds no skill by any spelling, and hears what is said of unknown ones', async () => {
      const files = [{ path: 'vault/SKILL.md', content: skillMd('Mine') }]
      for (const skill of skills) {
        for (const version of versions) {
          expectUnknown(await ask(`${skill}/versions/${version}`), `${skill} ${version}`)
          expectUnknown(await ask(`${skill}/versions/${version}/content`), `${skill} ${version} content`)
          expectUnknown(await ask(`${skill}/versions/${version}`, { method: 'DELETE' }), `delete ${version}`)
        }
        for (const path of [skill, `${skill}/content`, `${skill}/versions`])
          expectUnknown(await ask(path), path)
        expectUnknown(await ask(skill, { method: 'DELETE' }), `delete ${skill}`)
        expectUnknown(await ask(skill, { body: { default_version: '1' } }), `update ${skill}`)
        expectUnknown(await ask(`${skill}/versions`, { body: { files } }), `version of ${skill}`)
      }
      const withoutIds = ({ text }: Answer, id: string): string =>
        text.replaceAll(id, '').replace(/"request_id":"[^"]*"/, '')
      const theirs = skills[2] ?? ''
      expect(withoutIds(await ask(theirs), theirs)).toBe(withoutIds(await ask(unknown), unknown))
    })

    it('reaches no version through a skill of its own', async () => {
      const files = [{ path: 'vault/SKILL.md', content: skillMd('Mine') }]
      const made = await call(gateway.url, '/v1/skills', { key: stranger, body: { files } })
      expect([200, 409]).toContain(made.status)
      for (const version of versions.filter((spelt) => spelt !== 'latest' && spelt !== '1'))
        expectUnknown(await ask(`vault/versions/${version}`), version)
      const own = await ask('vault/versions/latest/content')
      expect([own.status, own.text.includes('picture')]).toEqual([200, false])
      await ask('vault', { method: 'DELETE' })
    })
  })

  it('a stranger finds nothing over REST, by invocation, in prompts or at the public places', async () => {
    const { key } = await gateway.createKey({ organization_id: 'initech' })
    const ask = (path: string, options: { method?: string; body?: object } = {}) =>
      call(gateway.url, path, { key, ...options })
    for (const skill of skills.slice(0, 3)) {
      const path = `/api/v1/skills/${skill}`
      for (const part of [
        '',
        '/body',
        '/versions',
        '/versions/1',
        '/attachments',
        '/checks',
        '/effectiveness',
      ])
        expectUnknown(await ask(path + part), path + part)
      expectUnknown(await ask(path, { method: 'PUT', body: { description: 'Mine.' } }), `PUT ${path}`)
      expectUnknown(await ask(path, { method: 'DELETE' }), `DELETE ${path}`)
      expectUnknown(await ask(`${path}/publish?category=a`, { method: 'POST' }), `publish ${path}`)
      const invoked = await ask('/v1/skills', { body: { skill_name: skill } })
      expect([invoked.status, invoked.text.includes('picture')]).toEqual([403, false])
      const asked = await call(gateway.url, '/v1/chat/completions', {
        key,
        headers: { 'x-routeiq-skills': `name:${skill}` },
        body: { model: 'demo', messages: [{ role: 'user', content: 'Where is the safe?' }] },
      })
      expectUnknown(asked, skill)
    }
    const routed = await ask('/api/v1/skills/route', {
      body: { query: 'Where is the safe behind the picture?' },
    })
    expect([routed.status, routed.text.includes('vault')]).toEqual([200, false])
    for (const path of ['/api/v1/skills', '/api/v1/skills/hashes', '/api/v1/skills/menu', '/v1/skills'])
      expect((await ask(path)).text, path).not.toContain('vault')
    for (const path of ['skills/index.json', 'agent-skills/index.json', 'skills/vault/SKILL.md'])
      expect((await call(gateway.url, `/.well-known/${path}`)).text, path).not.toContain('picture')
    expect((await call(gateway.url, '/.well-known/skills/index.json')).json()).toEqual({ skills: [] })
  })

  it('its owner still has all of it', async () => {
    const shown = await call(gateway.url, '/api/v1/skills/vault/body', { key: owner })
    expect([shown.status, shown.text.includes('picture')]).toEqual([200, true])
  })
}
