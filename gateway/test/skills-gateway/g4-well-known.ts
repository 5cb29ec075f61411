import { createHash } from 'node:crypto'
import { mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from '../harness/call-gateway.ts'
import { temporaryDirectory } from '../harness/data-directory.ts'
import { type ProductDatabase, startGatewayOver } from '../harness/databases.ts'
import { rawExchange } from '../harness/raw-exchange.ts'
import type { Gateway } from '../harness/start-gateway.ts'
import { waitUntil } from '../harness/wait-until.ts'

const plugin = 'litellm_llmrouter.gateway.plugins.skills_discovery.SkillsDiscoveryPlugin'
const text = (description: string): string => `---\nname: x\ndescription: ${description}\n---\n\n# Body\n`
const sha256 = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex')
const large = Buffer.alloc(1_500_000, 'large ')

let directory: string
let gateway: Gateway

function write(path: string, content: string | Buffer): void {
  const file = join(directory, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
}

const get = (path: string, headers: Record<string, string> = {}) => call(gateway.url, path, { headers })
const file = (path: string, headers?: Record<string, string>) => get(`/.well-known/skills/${path}`, headers)
const index = async () => (await file('index.json')).json()

/** The published folder, in both versions of the index. */
export function describeWellKnown(database: ProductDatabase): void {
  beforeAll(async () => {
    directory = await temporaryDirectory()
    write('my-skill/SKILL.md', text('Helps with   forms.'))
    write('my-skill/helper.py', 'print(1)\n')
    write('my-skill/data/config.json', '{"a":1}')
    write('my-skill/data/größe.TXT', 'groß')
    write('my-skill/page.html', '<script>alert(1)</script>')
    write('my-skill/logo.svg', '<svg/>')
    write('my-skill/noextension', 'x')
    write('my-skill/large.bin', large)
    write('my-skill/.env', 'SECRET=1')
    write('my-skill/.git/config', 'SECRET=1')
    write('my-skill/node_modules/a.js', 'x')
    write('my-skill/__pycache__/a.pyc', 'x')
    write('another-skill/SKILL.md', '# Title\n\nThe first\nparagraph.\n')
    write('broken-yaml/SKILL.md', '---\nname: "x\n---\n\nStill described.\n')
    write('no-text/SKILL.md', Buffer.from([0xff, 0xfe, 0x00]))
    write('trailing-/SKILL.md', text('Only version 0.1 takes this name.'))
    for (const name of ['1-digit', 'Upper', 'under_score', `a${'b'.repeat(64)}`, 'ü'])
      write(`${name}/SKILL.md`, text('x'))
    write('no-skill-md/readme.md', 'x')
    write('SKILL.md', text('x'))
    write('secret.txt', 'top secret')
    symlinkSync(join(directory, 'secret.txt'), join(directory, 'my-skill/leak.txt'))
    symlinkSync('../another-skill/SKILL.md', join(directory, 'my-skill/sibling.md'))
    symlinkSync(join(directory, 'my-skill'), join(directory, 'my-skill/data/loop'))
    symlinkSync('.env', join(directory, 'my-skill/env.txt'))
    symlinkSync('helper.py', join(directory, 'my-skill/alias.py'))
    symlinkSync(join(directory, 'secret.txt'), join(directory, 'no-skill-md/SKILL.md'))
    gateway = await startGatewayOver(database, {
      config: {},
      env: { LLMROUTER_PLUGINS: plugin, ROUTEIQ_SKILLS_DIR: directory },
    })
  })
  afterAll(async () => {
    await gateway?.stop()
    rmSync(directory, { recursive: true, force: true })
  })

  describe('version 0.1', () => {
    it('lists what has a SKILL.md and a proper name, and nothing hidden or linked from outside', async () => {
      const answer = await file('index.json')
      expect([answer.status, answer.headers['content-type'], answer.headers['cache-control']]).toEqual([
        200,
        'application/json',
        'public, max-age=60',
      ])
      expect(answer.json()).toEqual({
        skills: [
          { name: 'another-skill', description: 'The first paragraph.', files: ['SKILL.md'] },
          { name: 'broken-yaml', description: 'Still described.', files: ['SKILL.md'] },
          {
            name: 'my-skill',
            description: 'Helps with forms.',
            files: [
              'SKILL.md',
              'alias.py',
              'data/config.json',
              'data/größe.TXT',
              'helper.py',
              'large.bin',
              'logo.svg',
              'noextension',
              'page.html',
            ],
          },
          { name: 'trailing-', description: 'Only version 0.1 takes this name.', files: ['SKILL.md'] },
        ],
      })
    })

    it.each([
      ['SKILL.md', 'text/markdown; charset=utf-8'],
      ['helper.py', 'text/x-python; charset=utf-8'],
      ['alias.py', 'text/x-python; charset=utf-8'],
      ['data/config.json', 'application/json'],
      ['data/gr%C3%B6%C3%9Fe.TXT', 'text/plain; charset=utf-8'],
      ['page.html', 'text/html; charset=utf-8'],
      ['logo.svg', 'image/svg+xml'],
      ['noextension', 'application/octet-stream'],
      ['large.bin', 'application/octet-stream'],
    ])('serves %s as %s', async (path, type) => {
      const answer = await file(`my-skill/${path}`)
      expect([answer.status, answer.headers['content-type'], answer.headers['cache-control']]).toEqual([
        200,
        type,
        'public, max-age=300',
      ])
      expect(answer.headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'access-control-allow-origin': '*',
      })
      expect(answer.headers['content-security-policy']).toBe(/html|svg/.test(path) ? 'sandbox' : undefined)
      expect(answer.headers['etag']).toBe(`"${sha256(answer.text)}"`)
    })

    it('answers HEAD and conditional requests', async () => {
      for (const path of ['index.json', 'my-skill/SKILL.md', 'my-skill/large.bin']) {
        const whole = await file(path)
        const etag = whole.headers['etag'] ?? ''
        for (const tag of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
          const known = await file(path, { 'if-none-match': tag })
          expect([known.status, known.text, known.headers['etag']], path).toEqual([304, '', etag])
        }
        expect((await file(path, { 'if-none-match': '"other"' })).status).toBe(200)
        const head = await call(gateway.url, `/.well-known/skills/${path}`, { method: 'HEAD' })
        expect([head.status, head.text, head.headers['etag']]).toEqual([200, '', etag])
      }
      const posted = await call(gateway.url, '/.well-known/skills/index.json', { method: 'POST', body: '{}' })
      expect([posted.status, posted.headers['allow']]).toEqual([405, 'GET, HEAD'])
    })

    it.each([
      ['missing/SKILL.md', 'Skill not found: missing'],
      ['Upper/SKILL.md', 'Skill not found: Upper'],
      ['1-digit/SKILL.md', 'Skill not found: 1-digit'],
      [`a${'b'.repeat(64)}/SKILL.md`, `Skill not found: a${'b'.repeat(64)}`],
      ['no-skill-md/readme.md', 'Skill not found: no-skill-md'],
      ['skill%00name/SKILL.md', 'Skill not found: skill\0name'],
      ['..%2f..%2fetc/passwd', 'Skill not found: ../../etc'],
      ['../sibling', 'Skill not found: ..'],
      ['%2e%2e/secret.txt', 'Skill not found: ..'],
      ['secret.txt', 'Skill not found: secret.txt'],
      ['SKILL.md', 'Skill not found: SKILL.md'],
      ['', 'Skill not found: '],
      ['%ff/SKILL.md', 'Skill not found: %ff'],
      ['my-skill', 'File not found: my-skill/'],
      ['my-skill/', 'File not found: my-skill/'],
      ['my-skill/data', 'File not found: my-skill/data'],
      ['my-skill/missing.md', 'File not found: my-skill/missing.md'],
      ['my-skill/.env', 'File not found: my-skill/.env'],
      ['my-skill/env.txt', 'File not found: my-skill/env.txt'],
      ['my-skill/.git/config', 'File not found: my-skill/.git/config'],
      ['my-skill/node_modules/a.js', 'File not found: my-skill/node_modules/a.js'],
      ['my-skill/leak.txt', 'File not found: my-skill/leak.txt'],
      ['my-skill/sibling.md', 'File not found: my-skill/sibling.md'],
      ['my-skill/data/loop/SKILL.md', 'File not found: my-skill/data/loop/SKILL.md'],
      ['my-skill/../another-skill/SKILL.md', 'File not found: my-skill/../another-skill/SKILL.md'],
      ['my-skill/..%2fanother-skill%2fSKILL.md', 'File not found: my-skill/../another-skill/SKILL.md'],
      ['my-skill/data%2fconfig.json', 'File not found: my-skill/data/config.json'],
      ['my-skill/data%5cconfig.json', 'File not found: my-skill/data\\config.json'],
      ['my-skill//SKILL.md', 'File not found: my-skill//SKILL.md'],
      ['my-skill/./SKILL.md', 'File not found: my-skill/./SKILL.md'],
      ['my-skill/%252e%252e/SKILL.md', 'File not found: my-skill/%2e%2e/SKILL.md'],
      ['my-skill/SKILL.md%00.txt', 'File not found: my-skill/SKILL.md\0.txt'],
    ])('refuses %s', async (path, detail) => {
      const request = `GET /.well-known/skills/${path} HTTP/1.1\r\nhost: x\r\n\r\n`
      const answer = await rawExchange(gateway.port, request)
      expect(answer.status).toBe(404)
      expect(JSON.parse(answer.text)).toEqual({ detail })
    })

    it('shows edits, nested and new files and new skills within five seconds, and never half of one', async () => {
      const before = await file('my-skill/data/config.json')
      write('my-skill/data/config.json', '{"a":2}')
      write('my-skill/data/deep/new.md', 'new')
      write('another-skill/SKILL.md', '# Title\n\nChanged.\n')
      write('zz-new/SKILL.md', text('New.'))
      rmSync(join(directory, 'my-skill/helper.py'))
      await waitUntil('all of it shows', async () => {
        const names = (await index()).skills.map(({ name }: { name: string }) => name)
        return names.includes('zz-new')
      })
      const { skills } = await index()
      expect(skills[0].description).toBe('Changed.')
      expect(skills[2].files).toContain('data/deep/new.md')
      expect(skills[2].files).not.toContain('helper.py')
      const after = await file('my-skill/data/config.json', { 'if-none-match': before.headers['etag'] ?? '' })
      expect([after.status, after.text]).toEqual([200, '{"a":2}'])
      expect((await file('my-skill/helper.py')).status).toBe(404)
      expect((await file('my-skill/data/deep/new.md')).text).toBe('new')
      // What is not held in memory is looked for again when it is no longer what was listed.
      write('my-skill/large.bin', Buffer.concat([large, large]))
      const grown = await file('my-skill/large.bin')
      expect([grown.status, grown.text.length]).toEqual([200, 2 * large.length])
    })
  })

  describe('version 0.2', () => {
    const artifact = (path: string, headers?: Record<string, string>) =>
      fetch(`${gateway.url}/.well-known/agent-skills/${path}`, { headers: headers ?? {} })
    const listed = async () => (await get('/.well-known/agent-skills/index.json')).json()
    interface Entry {
      readonly name: string
      readonly type: string
      readonly url: string
      readonly digest: string
    }

    it('names an artifact for every skill, whose bytes have the digest', async () => {
      const { $schema, skills } = (await listed()) as { $schema: string; skills: Entry[] }
      expect($schema).toBe('https://schemas.agentskills.io/discovery/0.2.0/schema.json')
      expect(skills.map(({ name, type }) => [name, type])).toEqual([
        ['another-skill', 'skill-md'],
        ['broken-yaml', 'skill-md'],
        ['my-skill', 'archive'],
        ['zz-new', 'skill-md'],
      ])
      for (const { name, type, url, digest } of skills) {
        const fileName = type === 'archive' ? `${name}.tar.gz` : 'SKILL.md'
        expect(url).toBe(`${name}/${digest.slice(7, 19)}/${fileName}`)
        const answer = await artifact(url)
        const bytes = Buffer.from(await answer.arrayBuffer())
        expect([answer.status, `sha256:${sha256(bytes)}`]).toEqual([200, digest])
        expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
        expect(answer.headers.get('content-encoding')).toBeNull()
        expect(answer.headers.get('etag')).toBe(`"${digest.slice(7)}"`)
        expect((await artifact(url, { 'if-none-match': `"${digest.slice(7)}"` })).status).toBe(304)
        if (type === 'archive') {
          const tar = gunzipSync(bytes).toString('latin1')
          expect(tar).toContain('SKILL.md')
          expect(tar).not.toContain('SECRET')
        }
      }
    })

    it('keeps an address when the index has moved on, also over a restart', async () => {
      const { skills } = (await listed()) as { skills: Entry[] }
      const before = skills.find(({ name }) => name === 'my-skill')
      const url = before?.url ?? ''
      write('my-skill/data/config.json', '{"a":3}')
      // The time of a file alone makes no other archive.
      utimesSync(join(directory, 'another-skill/SKILL.md'), 1, 1)
      await gateway.restart()
      const after = (await listed()) as { skills: Entry[] }
      expect(after.skills.find(({ name }) => name === 'my-skill')?.url).not.toBe(url)
      expect(after.skills.find(({ name }) => name === 'another-skill')).toEqual(
        skills.find(({ name }) => name === 'another-skill'),
      )
      expect(`sha256:${sha256(Buffer.from(await (await artifact(url)).arrayBuffer()))}`).toBe(before?.digest)
    })

    it.each([
      ['my-skill/000000000000/my-skill.tar.gz', 'File not found: my-skill/000000000000/my-skill.tar.gz'],
      ['missing/000000000000/SKILL.md', 'Skill not found: missing'],
      ['my-skill/SKILL.md', 'File not found: my-skill/SKILL.md'],
      ['..%2f..%2fconfig.yaml', 'Skill not found: ../../config.yaml'],
      ['', 'Skill not found: '],
    ])('refuses %s', async (path, detail) => {
      const answer = await get(`/.well-known/agent-skills/${path}`)
      expect([answer.status, answer.json()]).toEqual([404, { detail }])
    })

    it('tells admins what is left out, and why', async () => {
      const report = await call(gateway.url, '/api/v1/skill-discovery', { key: gateway.masterKey })
      expect(report.json()).toMatchObject({
        name: 'skills-discovery',
        version: '1.0.0',
        status: 'ok',
        omitted: expect.arrayContaining([
          { name: 'no-text', source: 'dir', reason: expect.stringContaining('UTF-8') },
          { name: 'trailing-', source: 'dir', reason: expect.stringContaining('0.2') },
        ]),
      })
      const { key } = await gateway.createKey()
      expect((await call(gateway.url, '/api/v1/skill-discovery', { key })).status).toBe(403)
      expect(gateway.stdout().match(/skill_not_published/g)?.length).toBeGreaterThan(0)
    })
  })

  describe('public skills of the store', () => {
    let store: Gateway
    let key: string
    const skillMd = (name: string, body: string): string =>
      `---\nname: ${name}\ndescription: About ${name}.\n---\n\n${body}\n`
    const create = (name: string, body: string, owner = key) =>
      call(store.url, '/v1/skills', {
        key: owner,
        body: {
          files: [
            { path: `${name}/SKILL.md`, content: skillMd(name, body) },
            { path: `${name}/notes.md`, content: 'notes' },
            { path: `${name}/.hidden`, content: 'hidden' },
          ],
        },
      })
    const publish = (name: string) =>
      call(store.url, `/api/v1/skills/${name}/publish?category=test`, { key, method: 'POST' })
    const names = async () =>
      (await call(store.url, '/.well-known/skills/index.json'))
        .json()
        .skills.map(({ name }: { name: string }) => name)

    beforeAll(async () => {
      const empty = join(directory, 'empty')
      store = await startGatewayOver(database, {
        config: {
          routeiq: { skills: { well_known: { enabled: true, dir: empty, sources: ['dir', 'store'] } } },
        },
      })
      key = (await store.createKey({ organization_id: 'acme' })).key
    })
    afterAll(() => store?.stop())

    it('are published, others are not, and what is blocked or taken back disappears with its artifacts', async () => {
      expect(await names()).toEqual([])
      await create('shown', 'One.')
      await create('private', 'One.')
      expect((await publish('shown')).status).toBe(200)
      await waitUntil('it is published', async () => (await names()).length > 0)
      expect((await call(store.url, '/.well-known/skills/index.json')).json()).toEqual({
        skills: [{ name: 'shown', description: 'About shown.', files: ['SKILL.md', 'notes.md'] }],
      })
      expect((await call(store.url, '/.well-known/skills/shown/SKILL.md')).text).toBe(
        skillMd('shown', 'One.'),
      )
      expect((await call(store.url, '/.well-known/skills/shown/notes.md')).text).toBe('notes')
      expect((await call(store.url, '/.well-known/skills/private/SKILL.md')).json()).toEqual({
        detail: 'Skill not found: private',
      })
      const index = async () => (await call(store.url, '/.well-known/agent-skills/index.json')).json().skills
      const [{ url, digest }] = await index()
      const first = () => fetch(`${store.url}/.well-known/agent-skills/${url}`)
      expect(`sha256:${sha256(Buffer.from(await (await first()).arrayBuffer()))}`).toBe(digest)
      const version = await call(store.url, '/v1/skills/shown/versions', {
        key,
        body: { files: [{ path: 'shown/SKILL.md', content: skillMd('shown', 'Two.') }] },
      })
      expect(version.status).toBe(200)
      await waitUntil('the second version is published', async () => (await index())[0].type === 'skill-md')
      expect((await first()).status).toBe(200)
      await call(store.url, '/api/v1/skills/shown/unpublish', { key, method: 'POST' })
      await waitUntil('it is gone', async () => (await names()).length === 0)
      expect((await first()).status).toBe(404)
    })
  })

  it('is off unless it is asked for, and then no path of it exists', async () => {
    const plain = await startGatewayOver(database, { config: {}, env: { ROUTEIQ_SKILLS_DIR: directory } })
    for (const path of ['skills/index.json', 'skills/my-skill/SKILL.md', 'agent-skills/index.json']) {
      const answer = await call(plain.url, `/.well-known/${path}`)
      expect([answer.status, answer.json().detail]).toEqual([404, 'Not Found'])
    }
    await plain.stop()
  })
}
