import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { deployment } from './harness/deployments.ts'
import { openaiError } from './harness/openai-wire.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { respond } from './harness/steps.ts'

let upstream: ScriptedUpstream
let gateway: Gateway
const places = ['one', 'two', 'three', 'four', 'five', 'six']

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  gateway = await startGateway({
    config: {
      model_list: places.map((place) =>
        deployment('gpt', upstream.openaiBase, { model: `openai/gpt-${place}` }, { id: place }),
      ),
      router_settings: { num_retries: 1, cooldown_time: 0 },
      routeiq: { conversation_affinity: { enabled: true } },
    },
  })
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

beforeEach(() => upstream.reset())

interface Asked {
  readonly key?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly path?: string
}

/** Which deployment answered. */
async function ask(
  body: object,
  { key = masterKey, headers = {}, path = '/v1/chat/completions' }: Asked = {},
) {
  const answer = await call(gateway.url, path, { key, headers, body: { model: 'gpt', ...body } })
  expect(answer.status, answer.text).toBe(200)
  return { at: answer.headers['x-litellm-model-id'] ?? '', answer }
}

const says = (...texts: string[]) => ({
  messages: texts.map((content, at) => ({ role: at % 2 === 0 ? 'user' : 'assistant', content })),
})

/** Six deployments of equal chances take ten requests all together once in ten million times. */
const turns = 10

it('keeps a conversation that its client names on its deployment', async () => {
  const headers = { 'x-litellm-session-id': 'tour' }
  const { at } = await ask(says('hello'), { headers })
  for (let turn = 0; turn < turns; turn++)
    expect((await ask({ ...says(`turn ${turn}`), stream: turn % 2 === 0 }, { headers })).at).toBe(at)
})

it('knows one that nobody names by how it began, and tells callers apart', async () => {
  const { at } = await ask(says('which trees are evergreen?'))
  for (let turn = 0; turn < turns; turn++)
    expect((await ask(says('which trees are evergreen?', 'Firs.', `and ${turn}?`))).at).toBe(at)
  const others = new Set<string>()
  for (let caller = 0; caller < turns; caller++) {
    const { key } = await gateway.createKey({})
    others.add((await ask(says('which trees are evergreen?'), { key })).at)
  }
  expect(others.size).toBeGreaterThan(1)
})

it('goes on where an answer was given that is continued by its id', async () => {
  const path = '/v1/responses'
  const { at, answer } = await ask({ input: 'which birds are grey?' }, { path })
  let previous_response_id: string = answer.json().id
  for (let turn = 0; turn < turns; turn++) {
    const next = await ask({ input: `and ${turn}?`, previous_response_id }, { path })
    expect(next.at).toBe(at)
    previous_response_id = next.answer.json().id
  }
})

it('moves a conversation whose deployment fails, and stays where it moved', async () => {
  const headers = { 'x-routeiq-session-id': 'move' }
  const { at } = await ask(says('hello'), { headers })
  upstream.script(`gpt-${at}`, respond(500, openaiError('Broken')), respond(500, openaiError('Broken')))
  const moved = await ask(says('hello again'), { headers })
  expect(moved.at).not.toBe(at)
  for (let turn = 0; turn < turns; turn++) expect((await ask(says('on'), { headers })).at).toBe(moved.at)
})
