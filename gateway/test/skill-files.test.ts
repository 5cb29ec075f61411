import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { askThroughSdk, sdkNames } from './harness/ask-through-sdk.ts'
import { call } from './harness/call-gateway.ts'
import { deployment } from './harness/deployments.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, startGateway } from './harness/start-gateway.ts'
import { answerTruly } from './harness/steps.ts'
import { waitUntil } from './harness/wait-until.ts'

const question = 'Please handle this refund for me'
const headers = { 'x-routeiq-skills': 'auto' }
const models = { gpt: 'gpt-4o', claude: 'claude-sonnet-4-5' } as const
const skillMd =
  '---\nname: refund\ndescription: Handles a refund.\n---\n\n# Refunds\n\nRead references/fees.md before you answer.\n'
let upstream: ScriptedUpstream
let gateway: Gateway
let key: string

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  gateway = await startGateway({
    config: {
      model_list: [
        deployment('gpt', upstream.openaiBase, { model: 'openai/gpt-4o' }),
        deployment('claude', upstream.anthropicBase, { model: 'anthropic/claude-sonnet-4-5' }),
      ],
      routeiq: { skills: { injection: { files: true }, router: { explore_rate: 0 } } },
    },
  })
  key = (await gateway.createKey({ organization_id: 'acme' })).key
  await upload(key, {
    'SKILL.md': skillMd,
    'references/fees.md': 'No fees within thirty days.',
    'logo.png': '\0\u0001',
    'big.md': 'x'.repeat(65_537),
    'long.md': 'word '.repeat(8_000),
  })
  const stranger = (await gateway.createKey({ organization_id: 'globex' })).key
  await upload(
    stranger,
    { 'SKILL.md': skillMd.replaceAll('refund', 'secret'), 'references/fees.md': 'Theirs alone.' },
    'secret',
  )
})
afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})
beforeEach(() => upstream.reset())

async function upload(
  owner: string,
  contents: Readonly<Record<string, string>>,
  name = 'refund',
): Promise<void> {
  const files = Object.entries(contents).map(([path, content]) => ({ path: `${name}/${path}`, content }))
  const created = await call(gateway.url, '/v1/skills', { key: owner, body: { files } })
  expect(created.status, created.text).toBe(200)
  await waitUntil('the menu', async () => {
    const menu = await call(gateway.url, '/api/v1/skills/menu', { key: owner })
    return menu.json().skill_count === 1
  })
}

const load = { name: 'load_skill', arguments: '{"name":"refund"}' }
const read = (path: string, name = 'refund') => ({
  name: 'read_skill_file',
  arguments: JSON.stringify({ name, path }),
})

const sent = (model: keyof typeof models) =>
  upstream.requestsFor(models[model]).map(({ json }) => JSON.stringify(json))

const cases = sdkNames.flatMap((client) =>
  (['gpt', 'claude'] as const).flatMap((model) => [false, true].map((stream) => ({ client, model, stream }))),
)

it.each(cases)(
  '$client over $model, stream: $stream: reads a skill, then a file of it, and nobody sees',
  async ({ client, model, stream }) => {
    upstream.script(
      models[model],
      answerTruly({ toolCalls: [load] }),
      answerTruly({ toolCalls: [read('references/fees.md')] }),
      answerTruly({ content: 'No fees.' }),
    )
    const { text } = await askThroughSdk(
      client,
      { url: gateway.url, key, headers },
      { model, question, stream },
    )
    expect(text).toBe('No fees.')
    const [first, second, third] = sent(model)
    expect(first?.indexOf('read_skill_file')).toBeLessThan(first?.indexOf('load_skill') ?? 0)
    expect(second).toContain('Files of this skill: big.md')
    expect(second).not.toContain('thirty days')
    expect(third).toContain('## File: refund/references/fees.md\\n\\nNo fees within thirty days.')
  },
)

describe('a file that is not to be had', () => {
  it.each([
    [
      'is not there',
      read('references/none.md'),
      'has no file \\"references/none.md\\". Its files are: big.md',
    ],
    ['lies outside', read('../secret/references/fees.md'), 'has no file'],
    ['is the skill itself', read('SKILL.md'), 'has no file'],
    ['is no text', read('logo.png'), 'is not text'],
    ['is too large', read('big.md'), 'is larger than 64 KiB'],
    ['does not fit any more', read('long.md'), 'No more skills can be read'],
    ["is another workspace's", read('references/fees.md', 'secret'), 'There is no skill called \\"secret\\"'],
    ['has no path', { name: 'read_skill_file', arguments: '{"name":"refund"}' }, 'Give the path of a file'],
  ])('%s', async (_, wanted, refusal) => {
    upstream.script(models.gpt, answerTruly({ toolCalls: [wanted] }), answerTruly({ content: 'Then not.' }))
    const { text } = await askThroughSdk(
      'openai chat',
      { url: gateway.url, key, headers },
      { model: 'gpt', question, stream: false },
    )
    expect(text).toBe('Then not.')
    expect(sent('gpt')[1]).toContain(refusal)
    expect(sent('gpt')[1]).not.toContain('Theirs alone')
  })
})

it('gives the client its own calls alone, and puts the file back when it goes on', async () => {
  const mine = { name: 'mine', arguments: '{}', id: 'call_mine' }
  upstream.script(
    models.gpt,
    answerTruly({ toolCalls: [read('references/fees.md'), mine] }),
    answerTruly({ content: 'Done.' }),
  )
  const tools = ['mine', 'read_skill_file'].map((name) => ({
    type: 'function',
    function: { name, parameters: { type: 'object' } },
  }))
  const ask = (messages: object[], own: object[]) =>
    call(gateway.url, '/v1/chat/completions', { key, headers, body: { model: 'gpt', messages, tools: own } })
  const messages: object[] = [{ role: 'user', content: `${question} now` }]
  const first = await ask(messages, tools.slice(0, 1))
  const { message } = first.json().choices[0]
  expect(message.tool_calls).toMatchObject([{ id: 'call_mine', function: { name: 'mine' } }])
  messages.push(message, { role: 'tool', tool_call_id: 'call_mine', content: 'ok' })
  expect((await ask(messages, tools.slice(0, 1))).json().choices[0].message.content).toBe('Done.')
  expect(sent('gpt')[1]).toContain('No fees within thirty days.')
  upstream.script(models.gpt, answerTruly({ toolCalls: [{ ...mine, name: 'read_skill_file' }] }))
  const own = await ask([{ role: 'user', content: `${question} later` }], tools)
  expect(own.json().choices[0].message.tool_calls).toMatchObject([{ function: { name: 'read_skill_file' } }])
  expect(sent('gpt')[2]).toContain('routeiq_read_skill_file')
})

it('is there for the first request after a start', async () => {
  await gateway.restart()
  upstream.script(models.gpt, answerTruly({ content: 'Hello.' }))
  await askThroughSdk(
    'openai chat',
    { url: gateway.url, key, headers },
    { model: 'gpt', question, stream: false },
  )
  expect(sent('gpt')[0]).toContain('| refund | Handles a refund. |')
})

it('is not offered unless the operator says so', async () => {
  await gateway.reload({
    model_list: [deployment('gpt', upstream.openaiBase, { model: 'openai/gpt-4o' })],
  })
  upstream.script(models.gpt, answerTruly({ content: 'Hello.' }))
  await askThroughSdk(
    'openai chat',
    { url: gateway.url, key, headers },
    { model: 'gpt', question, stream: false },
  )
  expect(sent('gpt')[0]).toContain('load_skill')
  expect(sent('gpt')[0]).not.toContain('read_skill_file')
})
