import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import Anthropic, { toFile } from '@anthropic-ai/sdk'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { call } from '../harness/call-gateway.ts'
import { type ProductDatabase, startGatewayOver } from '../harness/databases.ts'
import { deployment } from '../harness/deployments.ts'
import { openStream } from '../harness/read-stream.ts'
import { type ScriptedUpstream, startScriptedUpstream } from '../harness/scripted-upstream.ts'
import type { Gateway } from '../harness/start-gateway.ts'
import { answerTruly } from '../harness/steps.ts'
import { waitUntil } from '../harness/wait-until.ts'
import { succeeds } from './succeeds.ts'

const canary = 'canary-of-the-parent-environment'
const isPossible = succeeds('unshare', [
  ...['--user', '--map-root-user', '--mount', '--pid', '--fork', '--net', '--uts', '--ipc'],
  ...['sh', '-c', 'mount -t tmpfs x /mnt'],
])
const skillMd =
  '---\nname: sums\ndescription: Adds numbers up.\n---\n\n# Sums\n\nRun `/skills/sums/scripts/add.py 1 2`.\n'
const script = 'import sys\nprint(sum(int(word) for word in sys.argv[1:]))\n'
const codeExecution = { type: 'code_execution_20250825', name: 'code_execution' } as const
const messages = [{ role: 'user' as const, content: 'Add 20 and 22' }]

const run = (code: string, language = 'python', id = 'call_1') => ({
  ...{ id, name: 'routeiq_code_execution', arguments: JSON.stringify({ code, language }) },
})

/** Code that a model without code execution of its own wants run, by the gateway. */
export function describeCodeExecution(database: ProductDatabase): void {
  let upstream: ScriptedUpstream
  let gateway: Gateway
  let key: string

  const config = (skills: object) => ({
    model_list: [deployment('gpt', upstream.openaiBase, { model: 'openai/gpt-4o' })],
    routeiq: { skills },
  })

  beforeAll(async () => {
    upstream = await startScriptedUpstream()
    gateway = await startGatewayOver(database, {
      config: config({ code_execution: 'sandbox' }),
      env: { OPENAI_API_KEY: canary },
    })
    key = (await gateway.createKey({ organization_id: 'acme' })).key
    await client().beta.skills.create({
      files: [
        await toFile(Buffer.from(skillMd), 'sums/SKILL.md'),
        await toFile(Buffer.from(script), 'sums/scripts/add.py'),
      ],
    })
  })
  afterAll(async () => {
    await gateway?.stop()
    await upstream?.close()
  })
  beforeEach(() => upstream.reset())

  const client = () => new Anthropic({ baseURL: gateway.url, apiKey: key, maxRetries: 0 })
  const body = {
    ...{ model: 'gpt', max_tokens: 100, messages, tools: [codeExecution] },
    container: { skills: [{ type: 'custom' as const, skill_id: 'sums' }] },
  }
  const ask = (more: object = {}) =>
    call(gateway.url, '/v1/messages', {
      ...{ key, headers: { 'anthropic-version': '2023-06-01' }, body: { ...body, ...more } },
    })
  /** What the model is told of a program it wants run. */
  async function told(code: string, language?: string): Promise<string> {
    upstream.script(
      'gpt-4o',
      answerTruly({ toolCalls: [run(code, language)] }),
      answerTruly({ content: 'Done.' }),
    )
    const answer = await ask()
    expect(answer.status, answer.text).toBe(200)
    const sent = upstream.requestsFor('gpt-4o').at(-1)?.json['messages'] as {
      role: string
      content: string
    }[]
    return sent.filter(({ role }) => role === 'tool').at(-1)?.content ?? ''
  }

  it('is refused unless the operator wants it', async () => {
    await gateway.reload(config({}))
    const refused = await ask()
    expect([refused.status, refused.json().error.message]).toEqual([
      400,
      expect.stringContaining('code execution'),
    ])
    const report = await call(gateway.url, '/api/v1/skill-modules', { key: gateway.masterKey })
    expect(report.json().code_execution).toEqual({ status: 'off' })
    await gateway.reload(config({ code_execution: 'sandbox' }))
  })

  it.skipIf(isPossible)('is refused on a machine that cannot hold it', async () => {
    const refused = await ask()
    expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('namespaces')])
    expect(upstream.requests).toEqual([])
  })

  describe.skipIf(!isPossible)('where the kernel can hold it', () => {
    it.each([false, true])('runs a script of the skill, unseen by the client, stream: %s', async (stream) => {
      const code =
        'import subprocess, sys\nsubprocess.run([sys.executable, "/skills/sums/scripts/add.py", "20", "22"])'
      upstream.script('gpt-4o', answerTruly({ toolCalls: [run(code)] }), answerTruly({ content: 'Summed.' }))
      const answer = await ask({ stream })
      expect(answer.status, answer.text).toBe(200)
      expect(answer.text).toContain('Summed.')
      expect(answer.text).not.toMatch(/routeiq_code_execution|Exit code/)
      expect(answer.headers['x-routeiq-skills-mode']).toBe('injected')
      expect(answer.headers['x-routeiq-skills-dropped']).toBeUndefined()
      const [first, second] = upstream.requestsFor('gpt-4o')
      const tools = first?.json['tools'] as { function: { name: string } }[]
      expect(tools.map((tool) => tool.function.name)).toEqual(['routeiq_code_execution', 'load_skill'])
      expect(JSON.stringify(second?.json)).toContain('Exit code: 0\\n\\n42')
      if (!stream) expect(answer.json().container.skills).toMatchObject([{ skill_id: 'sums' }])
    })

    it.each([
      ['python', 'import sys; print("out"); print("err", file=sys.stderr); sys.exit(3)'],
      ['javascript', 'console.log("out"); console.error("err"); process.exitCode = 3'],
      ['bash', 'echo out; echo err >&2; exit 3'],
    ])('tells what %s printed and how it ended', async (language, code) => {
      const text = await told(code, language)
      expect(text).toMatch(/^Exit code: 3\n\n/)
      for (const part of ['out', 'err']) expect(text).toContain(part)
    })

    it('lets it see nothing of the gateway, change nothing and reach nobody', async () => {
      expect(await told('env; cat /proc/1/environ', 'bash')).not.toContain(canary)
      const found = await told(
        `ls / ${gateway.dataDir} /etc/passwd /root 2>&1; ls /proc | grep -c ^[0-9]`,
        'bash',
      )
      expect(found).not.toContain('config.yaml')
      expect(found).toMatch(/\/etc\/passwd.*No such file/)
      for (const path of ['/skills/sums/SKILL.md', '/code/main.py', '/usr/x', '/x', '/proc/sys/kernel/x'])
        expect(await told(`open(${JSON.stringify(path)}, "a")`), path).toMatch(/Read-only|No such file/)
      const connect = `import socket; socket.create_connection(("127.0.0.1", ${gateway.port}), 2)`
      expect(await told(connect)).toMatch(/unreachable|refused/)
      expect(await told('unshare -Ur true; mount -t tmpfs x /work; echo "code $?"', 'bash')).not.toContain(
        'code 0',
      )
      expect(await told('open("/work/kept", "w").write("x")')).toContain('Exit code: 0')
      expect(await told('ls /work | wc -l', 'bash')).toMatch(/^Exit code: 0\n\n0$/)
    })

    it.each([
      ['memory', 'x = "x" * 3_000_000_000', /MemoryError|more memory/],
      ['output', 'while True: print("x" * 100_000)', /more memory, processes or output/],
      [
        'processes',
        'import os, time\nfor _ in range(60):\n  os.fork() or time.sleep(5)\ntime.sleep(5)',
        /more memory, processes/,
      ],
      [
        'disk',
        'with open("/work/f", "wb") as f:\n  for _ in range(100): f.write(b"x" * 1_000_000)',
        /File too large/,
      ],
    ])('lets it take no more %s than it may', async (_, code, expected) => {
      expect(await told(code)).toMatch(expected)
    })

    it('says what is wrong with a call, and stops at ten programs', async () => {
      expect(await told('1', 'cobol')).toContain('"language" must be one of python')
      expect(await told('')).toContain('"code" must be')
      upstream.script(
        'gpt-4o',
        answerTruly({ toolCalls: Array.from({ length: 11 }, (_, at) => run('1', 'bash', `c${at}`)) }),
        answerTruly({ content: 'Done.' }),
      )
      expect((await ask()).status).toBe(200)
      const last = JSON.stringify(upstream.requestsFor('gpt-4o').at(-1)?.json)
      expect(last.split('no room for more programs').length - 1).toBe(1)
    })

    it('ends it when the client leaves, and leaves nothing behind', async () => {
      upstream.script('gpt-4o', answerTruly({ toolCalls: [run('sleep 77', 'bash')] }))
      const running = (): string => execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
      const { leave } = await openStream(gateway.url, '/v1/messages', {
        ...{ key, headers: { 'anthropic-version': '2023-06-01' }, body: { ...body, stream: true } },
      })
      await waitUntil('it runs', () => running().includes('sleep 77'))
      leave()
      await waitUntil('it is gone', () => !running().includes('sleep 77'))
      const left = () => readdirSync(tmpdir()).filter((name) => name.startsWith('routeiq-code-'))
      await waitUntil('its files are gone', () =>
        left().every((name) => !existsSync(`${tmpdir()}/${name}/skills/sums`)),
      )
    })

    it('is told to admins, and every program is recorded', async () => {
      await told('1')
      const report = await call(gateway.url, '/api/v1/skill-modules', { key: gateway.masterKey })
      const { status, languages } = report.json().code_execution
      expect(status).toBe('ready')
      const held = { process: 'kernel', memory: 'kernel', network: 'kernel', files: 'kernel' }
      expect(languages).toContainEqual({ language: 'python', isolation: held })
      const metrics = await call(gateway.url, '/metrics')
      expect(metrics.text).toMatch(/routeiq_skill_invocations_total\{[^}]*type="code"[^}]*\}/)
      await waitUntil('it is in the log', () =>
        gateway
          .stdout()
          .split('\n')
          .some((line) => line.includes('skill.invoke') && line.includes('code_execution')),
      )
    })

    it('is gone on with in the next request, the client none the wiser', async () => {
      upstream.script(
        'gpt-4o',
        answerTruly({ toolCalls: [run('echo 42', 'bash')] }),
        answerTruly({ content: 'It is 42.' }),
      )
      const first = await ask()
      upstream.script('gpt-4o', answerTruly({ content: 'You are welcome.' }))
      const again = [
        ...messages,
        { role: 'assistant', content: first.json().content },
        { role: 'user', content: 'Thanks' },
      ]
      expect((await ask({ messages: again })).status).toBe(200)
      expect(JSON.stringify(upstream.requestsFor('gpt-4o').at(-1)?.json)).toContain('Exit code: 0\\n\\n42')
    })
  })
}
