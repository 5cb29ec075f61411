import { existsSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readStreamFixture } from '../src/providers/read-stream.fixture.ts'
import { listWires } from '../src/providers/registry.ts'
import { call } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { dataOf } from './harness/read-stream.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey as key, startGateway } from './harness/start-gateway.ts'
import { respond, respondStream } from './harness/steps.ts'
import { type Emitted, typeErrors } from './schemas/type-errors.ts'

// The OpenAPI document says what OpenAI's clients read (schema-truth.test.ts); what Anthropic's and Google's read is
// said by the types of their own packages. Every answer of every wire is held against them by the compiler.

const aws = { aws_region_name: 'us-west-2', aws_access_key_id: 'AKIA', aws_secret_access_key: 'secret' }
const models = {
  openai: { model: 'openai/gpt-4o-mini', use_chat_completions_api: true },
  'openai-responses': { model: 'openai/responses/gpt-4.1' },
  anthropic: { model: 'anthropic/claude-sonnet-4-5' },
  bedrock: { model: 'bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0', ...aws },
  gemini: { model: 'gemini/gemini-2.5-flash' },
  ollama: { model: 'ollama_chat/qwen3:8b' },
  cohere: { model: 'cohere/command-a-03-2025' },
} as const
type WireId = keyof typeof models

const fixtures = [
  'text',
  'parallel-tools',
  'reasoning',
  'refusal',
  'json-schema',
  'cached',
  'long',
  'unknown',
]

let upstream: ScriptedUpstream
let gateway: Gateway

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  const bases = { openai: upstream.openaiBase, 'openai-responses': upstream.openaiBase }
  gateway = await startGateway({
    config: {
      model_list: Object.entries(models).map(([name, params]) =>
        deployment(name, bases[name as keyof typeof bases] ?? upstream.origin, params),
      ),
    },
  })
})
afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

/** What a provider of this wire answers in the case, whole and streamed; null where it has no such answer. */
function answersOf(wireId: WireId, name: string): { readonly whole: string; readonly stream: Buffer } | null {
  const wire = listWires().find(({ id }) => id === wireId)
  const path = wireId === 'openai-responses' ? 'openai/responses' : wireId
  const folder = new URL(`../src/providers/${path}/fixtures/`, import.meta.url)
  const file = new URL(`${name}.json`, folder)
  const stream = wire === undefined ? null : readStreamFixture(wire, name, folder)
  return stream === null || !existsSync(file) ? null : { whole: readFileSync(file, 'utf8'), stream }
}

async function send(path: string, body: object, headers = {}): Promise<string> {
  const answer = await call(gateway.url, path, { key, body, headers })
  expect(`${path} ${answer.status}`).toBe(`${path} 200`)
  return answer.text
}

interface Dialect {
  readonly imports: string
  readonly wires: readonly WireId[]
  /** A request for the model, whole or streamed. */
  path(model: string, stream: boolean): string
  body(model: string, stream: boolean): object
  readonly whole: string
  readonly event: string
}

const modelNames = Object.keys(models) as WireId[]

/**
 * `TextBlock.citations` is left out where there are none: some clients refuse the null. Errors carry OpenAI's members
 * too, models and usage those of the newer package.
 */
const anthropicTypes = `
  type Loose<T> = T extends { type: 'text'; citations: infer C } ? Omit<T, 'citations'> & { citations?: C }
    : T extends { type: 'message' } ? Omit<T, 'content' | 'usage'>
      & { content: Loose<Anthropic.ContentBlock>[]; usage: Anthropic.Usage & { speed: null }; diagnostics: null }
    : T extends { type: 'message_start' } ? { type: 'message_start'; message: Loose<Anthropic.Message> }
    : T extends { type: 'content_block_start' }
      ? Omit<T, 'content_block'> & { content_block: Loose<Anthropic.RawContentBlockStartEvent['content_block']> }
    : T;
  type Message = Loose<Anthropic.Message>;
  type StreamEvent = Loose<Anthropic.RawMessageStreamEvent> | { type: 'ping' };
  type Model = Anthropic.ModelInfo & Record<'lifecycle' | 'deprecated_at' | 'retires_at' | 'line', unknown>;
  type Failure = Omit<Anthropic.ErrorResponse, 'error'> & {
    error: Anthropic.ErrorObject & { param: string | null; code: string | null } };
`

const packages = { '0.120.0': '@anthropic-ai/sdk', '1.11.0': 'anthropic-sdk-v1' }

const messagesDialect = (name: string): Dialect => ({
  imports: `import type Anthropic from '${name}';${anthropicTypes}`,
  wires: modelNames.filter((id) => id !== 'anthropic'),
  path: () => '/v1/messages',
  body: (model, stream) => ({ model, max_tokens: 4000, messages, stream }),
  whole: 'Message',
  event: 'StreamEvent',
})

/** The package's enums are words on the wire, and its classes have getters that no JSON has. */
const googleTypes = `
  type Wire<T> = T extends string ? \`\${T}\` : T extends readonly (infer U)[] ? Wire<U>[]
    : T extends object ? { [K in keyof T]: Wire<T[K]> } : T;
  type Content = Wire<Omit<GenerateContentResponse, 'text' | 'data' | 'functionCalls' | 'executableCode'
    | 'codeExecutionResult' | 'initialPromptTokenCount' | 'sdkHttpResponse' | 'automaticFunctionCallingHistory'>>;
`
const googleDialect: Dialect = {
  imports: `import type { GenerateContentResponse } from '@google/genai';${googleTypes}`,
  wires: modelNames.filter((id) => id !== 'gemini'),
  path: (model, stream) =>
    `/v1beta/models/${model}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
  body: () => ({ contents: [{ role: 'user', parts: [{ text: 'Hello' }] }] }),
  whole: 'Content',
  event: 'Content',
}

/** Everything the dialect's clients get from all wires in all cases. */
async function collect({ wires, path, body, whole, event }: Dialect): Promise<Emitted[]> {
  const emitted: Emitted[] = []
  for (const model of wires)
    for (const name of fixtures) {
      const answers = answersOf(model, name)
      if (answers === null) continue
      const what = `${name} of ${model}`
      const upstreamModel = models[model].model.split('/').at(-1) ?? ''
      upstream.script(upstreamModel, respond(200, answers.whole))
      const value = JSON.parse(await send(path(model, false), body(model, false))) as unknown
      emitted.push({ what, type: whole, value })
      upstream.script(upstreamModel, respondStream(answers.stream))
      const events = eventsOf(await send(path(model, true), body(model, true)))
      expect(events.length).toBeGreaterThan(0)
      emitted.push(...events.map((streamed) => ({ what: `${what}, streamed`, type: event, value: streamed })))
    }
  return emitted
}

function eventsOf(stream: string): unknown[] {
  return dataOf(stream.replaceAll('\r\n', '\n').replace(/^event: .*\n/gm, ''))
}

describe.each(Object.entries(packages))('@anthropic-ai/sdk %s', (_version, name) => {
  it('has a type for every message and event', async () => {
    const dialect = messagesDialect(name)
    const emitted = await collect(dialect)
    expect(emitted.length).toBeGreaterThan(100)
    expect(await typeErrors(dialect.imports, emitted)).toEqual([])
  })

  it('has a type for errors, token counts and models', async () => {
    const answer = async (path: string, body?: object) => {
      const headers = { 'anthropic-version': '2023-06-01' }
      return (
        await call(gateway.url, path, body === undefined ? { key, headers } : { key, headers, body })
      ).json()
    }
    const ask = { model: 'openai', messages }
    const emitted = [
      { type: 'Failure', value: await answer('/v1/messages', { ...ask, model: 'nobody', max_tokens: 9 }) },
      { type: 'Failure', value: await answer('/v1/messages', ask) },
      { type: 'Anthropic.MessageTokensCount', value: await answer('/v1/messages/count_tokens', ask) },
      { type: 'Model', value: await answer('/v1/models/openai') },
    ].map((one) => ({ what: one.type, ...one }))
    expect(await typeErrors(messagesDialect(name).imports, emitted)).toEqual([])
  })
})

describe('@google/genai', () => {
  it('has a type for every answer and piece', async () => {
    const emitted = await collect(googleDialect)
    expect(emitted.length).toBeGreaterThan(100)
    expect(await typeErrors(googleDialect.imports, emitted)).toEqual([])
  })
})

describe('the compiler', () => {
  const stop = {
    type: 'message_delta',
    delta: { container: null, stop_details: null, stop_reason: 'end_turn', stop_sequence: null },
  }
  const usage = { input_tokens: 1, output_tokens: 1, output_tokens_details: null, server_tool_use: null }
  const counts = { cache_creation_input_tokens: 0, cache_read_input_tokens: 0 }

  it.each<[string, unknown, RegExp | null]>([
    ['nothing wrong', { ...stop, usage: { ...usage, ...counts } }, null],
    ['a missing member', { ...stop, usage }, /cache_creation_input_tokens/],
    ['an unknown member', { ...stop, usage: { ...usage, ...counts, total: 2 } }, /total/],
    [
      'a member of another type',
      { ...stop, usage: { ...usage, ...counts, output_tokens: '1' } },
      /not assignable/,
    ],
    ['an unknown event', { type: 'message_begin' }, /message_begin/],
  ])('finds %s', async (_what, value, expected) => {
    const { imports } = messagesDialect('@anthropic-ai/sdk')
    const errors = await typeErrors(imports, [{ what: 'x', type: 'StreamEvent', value }])
    if (expected === null) expect(errors).toEqual([])
    else expect(errors.join()).toMatch(expected)
  })
})
