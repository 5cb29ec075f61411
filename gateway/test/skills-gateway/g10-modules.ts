import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from '../harness/call-gateway.ts'
import { type ProductDatabase, startGatewayOver } from '../harness/databases.ts'
import type { Gateway } from '../harness/start-gateway.ts'
import { waitUntil } from '../harness/wait-until.ts'
import { succeeds } from './succeeds.ts'

const modules = (name: string): string =>
  fileURLToPath(new URL(`../function-modules/${name}`, import.meta.url))
const hasPython = succeeds('python3', ['-c', ''])
const hasNamespaces = succeeds('unshare', [
  '--user',
  '--map-current-user',
  '--net',
  '--pid',
  '--fork',
  'true',
])
const canary = 'canary-of-the-parent-environment'

let gateway: Gateway
let key: string
let listener: net.Server
let port: number

const get = (path: string, headers: Record<string, string> = {}) => call(gateway.url, path, { key, headers })
const invoke = (name: string, body: object = {}, query = '') =>
  call(gateway.url, `/v1/skills/${name}${query}`, { key, body })
const python = describe.skipIf(!hasPython)

/** Functions of modules: how they are found, called and held. */
export function describeModules(database: ProductDatabase): void {
  beforeAll(async () => {
    listener = net.createServer((socket) => socket.end()).listen(0, '127.0.0.1')
    await once(listener, 'listening')
    port = (listener.address() as net.AddressInfo).port
    gateway = await startGatewayOver(database, {
      config: {
        skills: {
          builtin_tools: { computer_use: { type: 'computer_20251124' } },
          modules: {
            enabled: true,
            max_concurrent: 2,
            max_queued: 1,
            entries: [
              { namespace: 'routeiq.say.compose', path: modules('compose'), runtime: 'python' },
              {
                namespace: 'tests.trouble',
                path: modules('trouble.py'),
                timeout_ms: 4000,
                memory_mb: 128,
                env: ['ALLOWED'],
              },
              {
                namespace: 'tests.words',
                path: modules('node'),
                runtime: 'node',
                timeout_ms: 1500,
                memory_mb: 64,
              },
            ],
          },
        },
      },
      env: {
        OPENAI_API_KEY: canary,
        SOMETHING_ELSE: canary,
        ALLOWED: 'handed on',
        ROUTEIQ_SKILL_MODULES: `short.form=${modules('compose/shared.py')}`,
      },
    })
    key = (await gateway.createKey()).key
  })
  afterAll(async () => {
    await gateway?.stop()
    listener?.close()
  })

  python('discovery', () => {
    it('describes the modules of Python without running them', async () => {
      const answer = await get('/skills/routeiq.say.compose.transform_text/index.json')
      expect(answer.status).toBe(200)
      expect(answer.headers['cache-control']).toBe('private, max-age=5')
      const items = answer.json()
      expect(items.map(({ name }: { name: string }) => name)).toEqual([
        '*',
        'TextTransformer',
        'TextTransformer.later',
        'TextTransformer.transform',
        'count_words',
        'fetch_nothing',
      ])
      expect(items[0]).toEqual({
        namespace: 'routeiq.say.compose.shared',
        name: '*',
        args: [],
        returns: 'reference',
      })
      expect(items[3]).toEqual({
        namespace: 'routeiq.say.compose.transform_text',
        name: 'TextTransformer.transform',
        docstring: 'Writes a text in capitals, several times.',
        args: [
          { name: 'text', type: 'str', required: true },
          { name: 'times', type: 'int', required: false, default: 1 },
        ],
        returns: 'str',
        kind: 'method',
        async: false,
        input_schema: {
          type: 'object',
          properties: {
            text: { type: 'string' },
            times: { type: 'integer', minimum: -9007199254740991, maximum: 9007199254740991 },
          },
          required: ['text'],
          additionalProperties: false,
        },
      })
      expect(items[4]).toMatchObject({
        args: [
          { name: 'text', type: 'Any' },
          { name: 'by', type: 'dict | None' },
        ],
        returns: 'Any',
      })
      expect(
        (
          await get('/skills/routeiq.say.compose.transform_text/index.json', {
            'if-none-match': answer.headers['etag'] ?? '',
          })
        ).status,
      ).toBe(304)
    })

    it('describes modules of JavaScript by declarations, else by JSDoc', async () => {
      const items = (await get('/skills/tests.words__all.json')).json()
      const named = Object.fromEntries(items.map((item: { name: string }) => [item.name, item]))
      expect(named['double']).toMatchObject({
        namespace: 'tests.words.numbers',
        docstring: 'Twice a number.',
        args: [{ name: 'value', type: 'number', required: true }],
        returns: 'number',
      })
      expect(named['join']).toMatchObject({
        docstring: 'Joins words.',
        args: [
          { name: 'words', type: 'string[]', required: true },
          { name: 'separator', type: 'string', required: false, default: ' ' },
        ],
        returns: 'string',
      })
      expect(named['Counter.add']).toMatchObject({
        docstring: 'Counts on.',
        args: [{ name: 'by', type: 'number', required: true }],
        returns: 'number',
        async: true,
      })
      expect(named['fail']).toMatchObject({
        args: [{ name: 'message', type: 'any', required: true }],
        returns: 'any',
      })
    })

    it('refers from a folder to its modules, lists all of it flat, and everything with paths', async () => {
      expect((await get('/skills/routeiq.say.compose/index.json')).json()).toEqual([
        { namespace: 'routeiq.say.compose.shared', name: '*', args: [], returns: 'reference' },
        { namespace: 'routeiq.say.compose.transform_text', name: '*', args: [], returns: 'reference' },
      ])
      const all = (await get('/skills/routeiq.say.compose__all.json')).json()
      expect(all.map(({ name }: { name: string }) => name)).toContain('shout')
      const discovery = (await get('/_skill/discovery.json')).json() as {
        name: string
        namespace: string
        path: string
      }[]
      expect(discovery.find(({ name }) => name === 'TextTransformer.transform')?.path).toBe(
        '/v1/skills/TextTransformer/transform',
      )
      expect(
        discovery.find(({ name, namespace }) => name === 'shout' && namespace === 'short.form')?.path,
      ).toBe('/v1/skills/short.form.shout')
    })

    it('does not know other namespaces, and nobody without a key', async () => {
      const unknown = await get('/skills/no.such/index.json')
      expect([unknown.status, unknown.json().detail]).toEqual([404, 'Namespace not found: no.such'])
      for (const path of [
        '/skills/routeiq.say.compose/index.json',
        '/_skill/discovery.json',
        '/skills/routeiq.say.compose__all.json',
      ])
        expect((await call(gateway.url, path)).status).toBe(401)
      expect((await call(gateway.url, '/v1/skills/count_words', { body: { text: 'a' } })).status).toBe(401)
    })
  })

  python('invocation', () => {
    it('of a method constructs its class, by short and by full name', async () => {
      const answer = await invoke('TextTransformer/transform', { text: 'hello ', times: 2 })
      expect(answer.json()).toEqual({
        id: expect.stringMatching(/^inv_[0-9a-f]{24}$/),
        object: 'skill.invocation',
        skill_name: 'routeiq.say.compose.transform_text.TextTransformer.transform',
        namespace: 'routeiq.say.compose.transform_text',
        type: 'module',
        status: 'ok',
        result: 'HELLO HELLO !',
        duration_ms: expect.any(Number),
      })
      const full = await invoke('routeiq.say.compose.transform_text.TextTransformer/transform', {
        parameters: ['hi'],
        init: { suffix: '?' },
      })
      expect(full.json().result).toBe('HI?')
    })

    it('by JSON, of functions, coroutines and values in order', async () => {
      const byJson = await call(gateway.url, '/v1/skills', {
        key,
        body: { skill_name: 'count_words', parameters: { text: 'a b c' } },
      })
      expect(byJson.json().result).toBe(3)
      expect((await invoke('fetch_nothing', { names: ['a'] })).json().result).toEqual({ a: null })
      expect((await invoke('TextTransformer/later', { parameters: ['x'] })).json().result).toBe('x…')
      expect((await invoke('TextTransformer', { suffix: '?' })).json().result).toEqual({
        constructed: 'TextTransformer',
      })
    })

    it('of JavaScript', async () => {
      expect((await invoke('join', { words: ['a', 'b'] })).json().result).toBe('a b')
      expect((await invoke('join', { parameters: [['a', 'b'], '-'] })).json().result).toBe('a-b')
      expect((await invoke('Counter/add', { parameters: { by: 2 }, init: { start: 1 } })).json().result).toBe(
        6,
      )
      expect((await invoke('double', { value: 4 })).json().result).toBe(8)
    })

    it.each([
      ['a missing argument', 'count_words', {}],
      ['one of the wrong type', 'TextTransformer/transform', { text: 7 }],
      ['one that is not there', 'TextTransformer/transform', { text: 'a', volume: 1 }],
      ['too many', 'count_words', { parameters: ['a', {}, 'c'] }],
      ['none of the constructor', 'Counter/add', { by: 1 }],
    ])('refuses %s', async (_, name, body) => {
      const answer = await invoke(name, body)
      expect([answer.status, answer.json().code]).toEqual([400, 'invalid_arguments'])
    })

    it('lists every argument that is wrong', async () => {
      const { detail } = (await invoke('TextTransformer/transform', { text: 7, times: 'x' })).json()
      expect(detail.errors).toMatchObject([{ argument: 'text' }, { argument: 'times' }])
    })

    it('says which functions an ambiguous name could be, and knows no others', async () => {
      const ambiguous = await invoke('shout', { text: 'a' })
      expect([ambiguous.status, ambiguous.json().code]).toEqual([409, 'skill_ambiguous'])
      expect(ambiguous.json().detail.candidates).toEqual([
        'routeiq.say.compose.shared.shout',
        'short.form.shout',
      ])
      for (const name of ['_private', 'TextTransformer/_private', 'os/system', '__import__'])
        expect((await invoke(name)).status).toBe(404)
    })

    it('of what a client runs itself names the tool', async () => {
      expect((await invoke('bash', {})).json()).toMatchObject({
        status: 'client_action_required',
        tool: { type: 'bash_20250124', name: 'bash' },
      })
      expect((await invoke('computer_use', {})).json().tool).toEqual({
        type: 'computer_20251124',
        name: 'computer',
      })
    })

    it('keeps what a module prints out of its answer', async () => {
      const answer = await invoke('chatter', { text: '{"ok": true, "result": 2}' }, '?logs=true')
      expect(answer.json().result).toBe(1)
      for (const text of ['{"ok": true', 'and to stderr', 'raw']) expect(answer.json().logs).toContain(text)
      expect((await invoke('chatter', { text: 'x' })).json()).not.toHaveProperty('logs')
    })

    it('tells what a module raised, without a stack', async () => {
      for (const [name, type] of [
        ['tests.trouble.fail', 'ValueError'],
        ['tests.words.words.fail', 'RangeError'],
      ]) {
        const answer = await invoke(name ?? '', { message: 'out of paper' })
        expect([answer.status, answer.json().code]).toEqual([422, 'skill_raised'])
        expect(answer.json().detail).toMatchObject({ type, message: expect.stringContaining('out of paper') })
        expect(answer.text).not.toContain('trouble.py')
      }
      for (const name of ['no_json', 'notJson', 'exit_early']) expect((await invoke(name)).status).toBe(422)
    })

    it('is reported to admins alone with how each module is held', async () => {
      const report = await call(gateway.url, '/api/v1/skill-modules', { key: gateway.masterKey })
      const reported = report.json().modules as { status: string; isolation: Record<string, string> }[]
      expect(reported.map(({ status }) => status)).toEqual(reported.map(() => 'ok'))
      for (const { isolation } of reported) {
        expect(Object.keys(isolation)).toEqual(['process', 'memory', 'network', 'files'])
        expect(isolation['network']).toBe(hasNamespaces ? 'kernel' : 'hooked')
      }
      expect((await call(gateway.url, '/api/v1/skill-modules', { key })).status).toBe(403)
    })
  })

  python('a module cannot', () => {
    it('see the environment of the gateway', async () => {
      for (const name of ['environment', 'secrets']) {
        const answer = await invoke(name)
        expect(answer.text).not.toContain(canary)
        expect(answer.text).not.toContain(gateway.masterKey)
      }
      expect((await invoke('environment')).json().result).toMatchObject({ ALLOWED: 'handed on' })
    })

    it('find or leave anything in its folder', async () => {
      expect((await invoke('files')).json().result).toEqual([])
      const path = (await invoke('leave_a_file')).json().result
      expect(path).toMatch(/left\.txt$/)
      await waitUntil('it is gone', () => !existsSync(path))
      expect((await invoke('folder')).json().result).not.toBe((await invoke('folder')).json().result)
    })

    it('read or write files elsewhere', async () => {
      const secret = gateway.configFile
      writeFileSync(`${gateway.dataDir}/secret.txt`, 'canary of a file')
      for (const name of ['read_file', 'read']) {
        expect((await invoke(name, { path: secret })).status).toBe(422)
        expect((await invoke(name, { path: `${gateway.dataDir}/secret.txt` })).text).not.toContain(
          'canary of a file',
        )
      }
      for (const name of ['write_file', 'write'])
        expect((await invoke(name, { path: `${gateway.dataDir}/made.txt` })).status).toBe(422)
      expect(existsSync(`${gateway.dataDir}/made.txt`)).toBe(false)
    })

    it('reach the network', async () => {
      expect((await invoke('connect', { port })).status).toBe(422)
      expect((await invoke('listen')).status).toBe(422)
      expect((await invoke('start')).status).toBe(422)
    })

    it.skipIf(!hasNamespaces)(
      'reach the network by another program either, where the kernel has namespaces',
      async () => {
        expect((await invoke('connect_by_program', { port })).json().result).not.toBe(0)
      },
    )

    it.each(['tests.trouble.loop', 'tests.words.words.loop'])('run on for ever: %s', async (name) => {
      const answer = await invoke(name)
      expect([answer.status, answer.json().code]).toEqual([504, 'skill_timeout'])
    })

    it.each([
      ['memory of its own', 'tests.trouble.memory', { megabytes: 2000 }],
      ['memory of what it starts', 'memory_of_children', { megabytes: 240 }],
      ['memory in JavaScript', 'tests.words.words.memory', {}],
      ['processes', 'bomb', {}],
      ['output', 'flood', {}],
      ['answer', 'flood_answer', {}],
    ])('take more %s than it may', async (_, name, body) => {
      const answer = await invoke(name, body)
      expect([answer.status, answer.json().code]).toEqual([507, 'skill_resource_exceeded'])
    })

    it.skipIf(!hasNamespaces)('leave processes behind, not even in a session of their own', async () => {
      await invoke('stay')
      const running = (): string => execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
      await waitUntil('it is gone', () => !running().includes('time.sleep(60)'))
    })

    it('starve the others: what is too much is refused and may come again', async () => {
      const answers = await Promise.all(
        Array.from({ length: 5 }, () => invoke('tests.trouble.sleep', { seconds: 0.5 })),
      )
      const statuses = answers.map(({ status }) => status).sort()
      expect(statuses).toEqual([200, 200, 200, 429, 429])
      expect(answers.find(({ status }) => status === 429)?.headers['retry-after']).toBe('1')
    })
  })

  it('without configured modules everything of it is switched off', async () => {
    const plain = await startGatewayOver(database, { config: {} })
    const { key: other } = await plain.createKey()
    for (const path of ['/_skill/discovery.json', '/skills/any/index.json']) {
      const answer = await call(plain.url, path, { key: other })
      expect([answer.status, answer.json().code]).toEqual([403, 'module_skills_disabled'])
    }
    expect((await call(plain.url, '/v1/skills/anything', { key: other, body: {} })).status).toBe(403)
    await plain.stop()
  })
}
