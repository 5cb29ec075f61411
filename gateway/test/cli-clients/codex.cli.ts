import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { anthropicError } from '../harness/anthropic-wire.ts'
import { cleanEnvironment } from '../harness/clean-environment.ts'
import { deployment } from '../harness/deployments.ts'
import { openaiError, type ToolCall } from '../harness/openai-wire.ts'
import { type ScriptedUpstream, type Step, startScriptedUpstream } from '../harness/scripted-upstream.ts'
import { type Gateway, startGateway } from '../harness/start-gateway.ts'
import { answerTruly, drip, respond } from '../harness/steps.ts'
import { waitUntil } from '../harness/wait-until.ts'
import { installPackage } from './install-package.ts'

const version = '0.169.0'
let program = ''
let upstream: ScriptedUpstream
let gateway: Gateway
let apiKey = ''
let home = ''
let project = ''

beforeAll(async () => {
  const modules = await installPackage('@openai/codex', version)
  program = join(modules, '@openai/codex/bin/codex.js')
  upstream = await startScriptedUpstream()
  gateway = await startGateway({
    config: {
      model_list: [
        deployment('gpt', upstream.openaiBase, { model: 'openai/gpt-4.1' }),
        deployment('llama', upstream.openaiBase, { model: 'groq/llama' }),
        deployment('claude', upstream.anthropicBase, { model: 'anthropic/claude-sonnet-4-5' }),
        // A name Codex knows: it offers such models its free-text tool for patches.
        deployment('gpt-5.5', upstream.anthropicBase, { model: 'anthropic/claude-opus-4-6' }),
      ],
      router_settings: { num_retries: 0, disable_cooldowns: true },
    },
  })
  apiKey = (await gateway.createKey()).key
})
afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

function enter(): void {
  home = mkdtempSync(join(tmpdir(), 'codex-home-'))
  project = mkdtempSync(join(tmpdir(), 'codex-project-'))
  writeFileSync(join(project, 'note.txt'), 'The password is swordfish.\n')
  mkdirSync(join(home, '.codex'))
  writeFileSync(
    join(home, '.codex', 'config.toml'),
    [
      'model_provider = "routeiq"',
      'check_for_update_on_startup = false',
      '[analytics]',
      'enabled = false',
      '[model_providers.routeiq]',
      'name = "RouteIQ"',
      `base_url = "${gateway.url}/v1"`,
      'env_key = "ROUTEIQ_KEY"',
      'wire_api = "responses"',
      'request_max_retries = 0',
      'stream_max_retries = 0',
    ].join('\n'),
  )
}
afterEach(() => {
  upstream.reset()
  for (const folder of [home, project]) rmSync(folder, { recursive: true, force: true })
})

interface Session {
  readonly code: number | null
  readonly output: string
  /** The events of `--json`. */
  readonly events: readonly { readonly type: string; readonly item?: Readonly<Record<string, unknown>> }[]
}

interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Session>
}

function run(model: string, args: readonly string[], key = apiKey): Running {
  const flags = ['--json', '--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox']
  const child = spawn(process.execPath, [program, 'exec', ...flags, '-m', model, ...args], {
    cwd: project,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: cleanEnvironment({ HOME: home, CODEX_HOME: join(home, '.codex'), ROUTEIQ_KEY: key }),
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  const ended = new Promise<Session>((resolve) => {
    child.once('close', (code) => {
      const lines = output.split('\n').filter((line) => line.startsWith('{'))
      resolve({ code, output, events: lines.map((line) => JSON.parse(line) as Session['events'][number]) })
    })
  })
  return { child, ended }
}

/** Calls a tool once, then tells what it returned. */
function callOnce(call: ToolCall, result: string, answer: string): Step {
  return (received) => {
    const step = received.request.body.includes(result)
      ? answerTruly({ content: answer })
      : answerTruly({ toolCalls: [call] })
    return step(received)
  }
}

const messagesOf = ({ events }: Session) =>
  events.flatMap(({ item }) => (item?.['type'] === 'agent_message' ? [item['text']] : []))

describe.each([
  { wire: 'Responses', model: 'gpt', upstreamModel: 'gpt-4.1' },
  { wire: 'OpenAI', model: 'llama', upstreamModel: 'llama' },
  { wire: 'Anthropic', model: 'claude', upstreamModel: 'claude-sonnet-4-5' },
])(`Codex ${version} on the $wire wire`, ({ wire, model, upstreamModel }) => {
  it('works through a session with a tool', async () => {
    enter()
    const call = { id: 'call_1', name: 'exec_command', arguments: JSON.stringify({ cmd: 'cat note.txt' }) }
    upstream.script(upstreamModel, callOnce(call, 'swordfish', 'The note says swordfish.'))
    const session = await run(model, ['What does note.txt say?']).ended
    expect(messagesOf(session)).toEqual(['The note says swordfish.'])
    expect(session.code).toBe(0)
    expect(session.events.at(-1)).toMatchObject({ type: 'turn.completed' })
    expect(upstream.requestsFor(upstreamModel)).toHaveLength(2)
  })

  it('goes on with a session', async () => {
    enter()
    upstream.script(upstreamModel, answerTruly({ content: 'Hello, Ada.' }))
    await run(model, ['My name is Ada.']).ended
    const session = await run(model, ['resume', '--last', 'What is my name?']).ended
    expect(session.code).toBe(0)
    const sent = upstream.requests.at(-1)?.body
    expect(sent).toContain('My name is Ada.')
    expect(sent).toContain('Hello, Ada.')
  })

  it('tells of a bad key and of a failing provider', async () => {
    enter()
    const text = 'The model is on holiday.'
    const refusal = wire === 'Anthropic' ? anthropicError('invalid_request_error', text) : openaiError(text)
    const stranger = await run(model, ['Hello'], 'sk-riq-nobody').ended
    expect(stranger.code).not.toBe(0)
    expect(stranger.output).toContain('401')
    upstream.script(upstreamModel, respond(400, refusal))
    const failed = await run(model, ['Hello']).ended
    expect(failed.output).toContain('on holiday')
    expect(failed.events.at(-1)?.type).toBe('turn.failed')
  })

  it('closes the upstream connection when it is stopped', async () => {
    enter()
    upstream.script(upstreamModel, drip(200, 20, { content: 'word '.repeat(5000) }))
    const session = run(model, ['Tell me everything.'])
    await waitUntil('the answer flows', () => upstream.pendingRequests > 0, 30_000)
    session.child.kill('SIGTERM')
    await session.ended
    await waitUntil('the upstream connection is closed', () => upstream.pendingRequests === 0, 2000)
  })
})

it(`Codex ${version} patches files by its free-text tool on the Anthropic wire`, async () => {
  enter()
  const patch = '*** Begin Patch\n*** Add File: made.txt\n+It is “made”.\n*** End Patch'
  const call = { id: 'call_1', name: 'apply_patch', arguments: JSON.stringify({ input: patch }) }
  upstream.script('claude-opus-4-6', callOnce(call, 'tool_result', 'Done.'))
  const session = await run('gpt-5.5', ['Make made.txt.']).ended
  expect(messagesOf(session)).toEqual(['Done.'])
  expect(existsSync(join(project, 'made.txt'))).toBe(true)
  expect(readFileSync(join(project, 'made.txt'), 'utf8')).toBe('It is “made”.\n')
})
