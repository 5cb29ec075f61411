import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { anthropicError } from '../harness/anthropic-wire.ts'
import { cleanEnvironment } from '../harness/clean-environment.ts'
import { deployment } from '../harness/deployments.ts'
import { openaiError } from '../harness/openai-wire.ts'
import { type ScriptedUpstream, type Step, startScriptedUpstream } from '../harness/scripted-upstream.ts'
import { type Gateway, startGateway } from '../harness/start-gateway.ts'
import { answerTruly, drip, respond } from '../harness/steps.ts'
import { waitUntil } from '../harness/wait-until.ts'
import { startToolServer, type ToolServer } from '../mcp-servers/start-server.ts'
import { installPackage } from './install-package.ts'

const version = '2.1.329'
let program = ''
let upstream: ScriptedUpstream
let tools: ToolServer
let gateway: Gateway
let apiKey = ''
let home = ''
let project = ''

beforeAll(async () => {
  const modules = await installPackage('@anthropic-ai/claude-code', version)
  program = join(modules, `@anthropic-ai/claude-code-${process.platform}-${process.arch}`, 'claude')
  ;[upstream, tools] = await Promise.all([startScriptedUpstream(), startToolServer('sessions')])
  gateway = await startGateway({
    config: {
      model_list: [
        deployment('gpt', upstream.openaiBase, { model: 'openai/gpt-4.1' }),
        deployment('claude', upstream.anthropicBase, { model: 'anthropic/claude-sonnet-4-5' }),
      ],
      mcp_servers: { here: { url: tools.url, transport: 'http' } },
      router_settings: { num_retries: 0, disable_cooldowns: true },
    },
  })
  apiKey = (await gateway.createKey()).key
})
afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
  tools?.stop()
})

function enter(): void {
  home = mkdtempSync(join(tmpdir(), 'claude-home-'))
  project = mkdtempSync(join(tmpdir(), 'claude-project-'))
  writeFileSync(join(project, 'note.txt'), 'The password is swordfish.\n')
}
afterEach(() => {
  upstream.reset()
  for (const folder of [home, project]) rmSync(folder, { recursive: true, force: true })
})

interface Session {
  readonly code: number | null
  readonly output: string
  /** The events of `stream-json`. */
  readonly events: readonly Record<string, unknown>[]
}

interface Running {
  readonly ended: Promise<Session>
  stop(): void
}

function run(model: string, args: readonly string[], key = apiKey): Running {
  const child = spawn(program, [...args, '--output-format', 'stream-json', '--verbose', '--model', model], {
    cwd: project,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: cleanEnvironment({
      HOME: home,
      ANTHROPIC_BASE_URL: gateway.url,
      ANTHROPIC_AUTH_TOKEN: key,
      ANTHROPIC_DEFAULT_HAIKU_MODEL: model,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_TELEMETRY: '1',
      DISABLE_AUTOUPDATER: '1',
      CLAUDE_CODE_MAX_RETRIES: '0',
    }),
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  const stop = (): void => void child.kill('SIGTERM')
  const ended = new Promise<Session>((resolve) => {
    child.once('close', (code) => {
      const lines = output.split('\n').filter((line) => line.startsWith('{'))
      resolve({ code, output, events: lines.map((line) => JSON.parse(line) as Record<string, unknown>) })
    })
  })
  return { ended, stop }
}

/** Calls a tool once, then tells what it returned. */
const readTheNote: Step = (call) => {
  const body = JSON.stringify(call.request.json['messages'])
  const file = join(project, 'note.txt')
  const step = body.includes('swordfish')
    ? answerTruly({ content: 'The note says swordfish.' })
    : answerTruly({
        toolCalls: [{ id: 'call_1', name: 'Read', arguments: JSON.stringify({ file_path: file }) }],
      })
  return step(call)
}

describe.each([
  { wire: 'OpenAI', model: 'gpt', upstreamModel: 'gpt-4.1' },
  { wire: 'Anthropic', model: 'claude', upstreamModel: 'claude-sonnet-4-5' },
])(`Claude Code ${version} on the $wire wire`, ({ wire, model, upstreamModel }) => {
  it('works through a session with a tool', async () => {
    enter()
    upstream.script(upstreamModel, readTheNote)
    const { code, events, output } = await run(model, [
      '-p',
      'What does note.txt say?',
      '--allowedTools',
      'Read',
    ]).ended
    expect(output).toContain('swordfish')
    expect(code).toBe(0)
    expect(events.at(-1)).toMatchObject({
      type: 'result',
      subtype: 'success',
      is_error: false,
      result: 'The note says swordfish.',
    })
  })

  it('calls a tool of a server behind /mcp', async () => {
    enter()
    const name = 'mcp__routeiq__here-echo'
    upstream.script(upstreamModel, (call) => {
      const body = JSON.stringify(call.request.json['messages'])
      const wanted = { id: 'call_1', name, arguments: JSON.stringify({ text: 'swordfish' }) }
      const step = body.includes('call_1')
        ? answerTruly({ content: 'It echoed.' })
        : answerTruly({ toolCalls: [wanted] })
      return step(call)
    })
    const headers = { Authorization: `Bearer ${apiKey}` }
    const mcpServers = { routeiq: { type: 'http', url: `${gateway.url}/mcp`, headers } }
    const { code, events, output } = await run(model, [
      ...['-p', 'Echo swordfish.', '--allowedTools', name],
      ...['--strict-mcp-config', '--mcp-config', JSON.stringify({ mcpServers })],
    ]).ended
    expect(events.find(({ subtype }) => subtype === 'init')).toMatchObject({
      mcp_servers: [{ name: 'routeiq', status: 'connected' }],
      tools: expect.arrayContaining([name]),
    })
    const results = events.filter(({ type }) => type === 'user')
    expect(JSON.stringify(results)).toContain('swordfish')
    expect(JSON.stringify(results)).not.toContain('"is_error":true')
    expect(events.at(-1)).toMatchObject({ type: 'result', subtype: 'success', result: 'It echoed.' })
    expect(code, output).toBe(0)
  })

  it('goes on with a session', async () => {
    enter()
    upstream.script(upstreamModel, answerTruly({ content: 'Hello, Ada.' }))
    await run(model, ['-p', 'My name is Ada.']).ended
    const { events } = await run(model, ['-p', 'What is my name?', '--continue']).ended
    expect(events.at(-1)).toMatchObject({ type: 'result', is_error: false })
    const sent = JSON.stringify(upstream.requests.at(-1)?.json['messages'])
    expect(sent).toContain('My name is Ada.')
    expect(sent).toContain('Hello, Ada.')
  })

  it('tells of a bad key and of a failing provider', async () => {
    enter()
    const text = 'The model is on holiday.'
    const refusal = wire === 'OpenAI' ? openaiError(text) : anthropicError('invalid_request_error', text)
    const stranger = await run(model, ['-p', 'Hello'], 'sk-riq-nobody').ended
    expect(stranger.events.at(-1)).toMatchObject({ type: 'result', is_error: true })
    expect(stranger.output).toMatch(/401|authenticat/i)
    upstream.script(upstreamModel, respond(400, refusal))
    const failed = await run(model, ['-p', 'Hello']).ended
    expect(failed.output).toContain('on holiday')
  })

  it('closes the upstream connection when it is stopped', async () => {
    enter()
    upstream.script(upstreamModel, drip(200, 20, { content: 'word '.repeat(5000) }))
    const session = run(model, ['-p', 'Tell me everything.'])
    await waitUntil('the answer flows', () => upstream.pendingRequests > 0, 30_000)
    session.stop()
    await session.ended
    await waitUntil('the upstream connection is closed', () => upstream.pendingRequests === 0, 2000)
  })
})
