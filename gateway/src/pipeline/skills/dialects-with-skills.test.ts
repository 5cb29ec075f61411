import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { DialectId } from '../../conversation/dialect.ts'
import {
  type ExchangeServer,
  rawRequest,
  startExchangeServer,
  until,
} from '../../http/testing/exchange-server.ts'
import { MemorySkills, openInjectorBench } from '../../injection/for-test.ts'
import { protocolOf } from '../../protocols/protocols.ts'
import { handleRequest } from '../handle-request.ts'
import { benchKey, type GatewayBench, openGatewayBench } from '../testing/gateway-bench.ts'

const config = `
model_list:
  - { model_name: gpt, litellm_params: { model: openai/gpt-4o, api_key: sk-up, api_base: "http://up.test/v1", use_chat_completions_api: true } }
  - { model_name: claude, litellm_params: { model: anthropic/claude-x, api_key: sk-up } }
router_settings: { num_retries: 0 }
`
let bench: GatewayBench
let skills: MemorySkills
let server: ExchangeServer
let dialect: DialectId
let running: Promise<void> = Promise.resolve()

beforeAll(async () => {
  server = await startExchangeServer((exchange) => {
    const call = { exchange, operation: 'chat', pathModel: null, pathStream: null, history: null } as const
    running = handleRequest(bench.gateway, { ...call, protocol: protocolOf(dialect) })
    running.catch(() => exchange.response.destroy())
  })
})
afterAll(() => server.close())
beforeEach(() => {
  skills = new MemorySkills({ pdf: 'Open the file with care.' })
  bench = openGatewayBench(config, { skills: openInjectorBench(skills).injector })
})

async function send(body: object) {
  const headers = [`authorization: Bearer ${benchKey}`, 'x-routeiq-skills: auto']
  const answer = server.send(rawRequest('POST', '/', headers, JSON.stringify(body)))
  return async () => {
    const [head = '', text = ''] = (await answer).split('\r\n\r\n')
    await running.catch(() => {})
    return { status: Number(head.slice(9, 12)), head, text }
  }
}

async function upstream(index: number) {
  await until(() => bench.transport.calls.length > index)
  const call = bench.transport.calls[index]
  if (call === undefined) throw new Error('not called')
  return { call, body: JSON.parse(call.request.body?.toString() ?? '') }
}

const said = 'Read this pdf'
const requests: Readonly<Record<'openai-chat' | 'anthropic-messages' | 'openai-responses', object>> = {
  'openai-chat': {
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: said },
    ],
  },
  'anthropic-messages': { system: 'Be brief.', max_tokens: 100, messages: [{ role: 'user', content: said }] },
  'openai-responses': { instructions: 'Be brief.', input: said, store: false },
}
const inbound = Object.keys(requests) as (keyof typeof requests)[]

interface Said {
  readonly text?: string
  readonly thinking?: string
  readonly load?: string
}

/** What a provider says, as the stream or the body of its wire. */
const wires = {
  gpt: {
    stream: ({ text, load }: Said) => [
      chunk({ role: 'assistant', content: '' }),
      ...(text === undefined ? [] : [chunk({ content: text })]),
      ...(load === undefined
        ? []
        : [chunk({ tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: loadCall(load) }] })]),
      chunk({}, load === undefined ? 'stop' : 'tool_calls'),
      'data: [DONE]\n\n',
    ],
    whole: ({ text, load }: Said) => ({
      id: 'x',
      object: 'chat.completion',
      created: 1,
      model: 'gpt-4o',
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: text ?? null,
            ...(load === undefined
              ? {}
              : { tool_calls: [{ id: 'call_1', type: 'function', function: loadCall(load) }] }),
          },
          finish_reason: load === undefined ? 'stop' : 'tool_calls',
        },
      ],
      usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
    }),
  },
  claude: {
    stream: (reply: Said) => {
      const blocks = blocksOf(reply)
      return [
        event({
          type: 'message_start',
          message: { ...message, content: [], usage: { input_tokens: 10, output_tokens: 1 } },
        }),
        ...blocks.flatMap((block, index) => [
          event({ type: 'content_block_start', index, content_block: opened(block) }),
          ...deltas(block).map((delta) => event({ type: 'content_block_delta', index, delta })),
          event({ type: 'content_block_stop', index }),
        ]),
        event({
          type: 'message_delta',
          delta: { stop_reason: reasonOf(reply), stop_sequence: null },
          usage: { output_tokens: 5 },
        }),
        event({ type: 'message_stop' }),
      ]
    },
    whole: (reply: Said) => ({
      ...message,
      content: blocksOf(reply),
      stop_reason: reasonOf(reply),
      stop_sequence: null,
      usage: { input_tokens: 10, output_tokens: 5 },
    }),
  },
} as const

const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-x' }
const loadCall = (name: string) => ({ name: 'load_skill', arguments: JSON.stringify({ name }) })
const chunk = (delta: object, finish: string | null = null) =>
  `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, model: 'gpt-4o', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`
const event = (value: { type: string; [member: string]: unknown }) =>
  `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`

type Block =
  | { type: 'thinking'; thinking: string; signature: string }
  | { type: 'text'; text: string }
  | { type: 'tool_use'; id: string; name: string; input: object }

function blocksOf({ text, thinking, load }: Said): Block[] {
  const blocks: Block[] = []
  if (thinking !== undefined) blocks.push({ type: 'thinking', thinking, signature: `sig-${thinking}` })
  if (text !== undefined) blocks.push({ type: 'text', text })
  if (load !== undefined)
    blocks.push({ type: 'tool_use', id: 'toolu_1', name: 'load_skill', input: { name: load } })
  return blocks
}

const reasonOf = ({ load }: Said): string => (load === undefined ? 'end_turn' : 'tool_use')

function opened(block: Block): object {
  if (block.type === 'text') return { type: 'text', text: '' }
  return block.type === 'thinking'
    ? { type: 'thinking', thinking: '', signature: '' }
    : { ...block, input: {} }
}

function deltas(block: Block): object[] {
  if (block.type === 'text') return [{ type: 'text_delta', text: block.text }]
  if (block.type === 'tool_use')
    return [{ type: 'input_json_delta', partial_json: JSON.stringify(block.input) }]
  return [
    { type: 'thinking_delta', thinking: block.thinking },
    { type: 'signature_delta', signature: block.signature },
  ]
}

/** Every piece of text the client got, whatever the dialect. */
function readText(text: string, stream: boolean): string {
  const parsed = stream
    ? text
        .split('\n')
        .filter((line) => line.startsWith('data: {'))
        .map((line) => JSON.parse(line.slice(6)))
    : [JSON.parse(text)]
  return parsed.map(textOf).join('')
}

// biome-ignore lint/suspicious/noExplicitAny: bodies of three dialects
function textOf(body: any): string {
  if (body.type === 'response.output_text.delta') return body.delta
  if (body.delta?.type === 'text_delta') return body.delta.text
  if (body.object === 'response') {
    const items = body.output.flatMap((item: { content?: { text: string }[] }) => item.content ?? [])
    return items.map(({ text }: { text: string }) => text).join('')
  }
  if (body.type === 'message') return body.content.map(({ text = '' }) => text).join('')
  return body.choices?.[0]?.delta?.content ?? body.choices?.[0]?.message?.content ?? ''
}

const cases = inbound.flatMap((from) =>
  (['gpt', 'claude'] as const).flatMap((model) => [false, true].map((stream) => ({ from, model, stream }))),
)

describe.each(cases)('$from over $model, stream: $stream', ({ from, model, stream }) => {
  const wire = wires[model]
  const say = (call: Awaited<ReturnType<typeof upstream>>['call'], reply: Said): void => {
    if (!stream) call.answer(200, JSON.stringify(wire.whole(reply)))
    else {
      call.stream(...wire.stream(reply))
      call.end()
    }
  }

  beforeEach(() => {
    dialect = from
  })

  it('puts the menu behind the instructions, the tool last and the hint behind the words', async () => {
    const done = await send({ ...requests[from], model, stream })
    const { call, body } = await upstream(0)
    const text = JSON.stringify(body)
    const places = ['Be brief.', '| pdf | About pdf |', said, '<routeiq-hint>'].map((part) =>
      text.indexOf(part),
    )
    expect(places.every((place) => place > 0)).toBe(true)
    if (model === 'gpt') expect(places).toEqual([...places].sort((a, b) => a - b))
    expect(body.tools).toHaveLength(1)
    say(call, { text: 'Done.' })
    const answer = await done()
    expect(answer.status).toBe(200)
    expect(readText(answer.text, stream)).toBe('Done.')
    expect(bench.transport.calls).toHaveLength(1)
  })

  it('loads without a trace, two rounds deep', async () => {
    const done = await send({ ...requests[from], model, stream })
    const first = await upstream(0)
    say(first.call, { thinking: 'hm', text: 'Let me see.', load: 'pdf' })
    const second = await upstream(1)
    expect(JSON.stringify(second.body)).toContain('Open the file with care.')
    if (model === 'claude') expect(JSON.stringify(second.body)).toContain('"signature":"sig-hm"')
    say(second.call, { load: 'other' })
    const third = await upstream(2)
    expect(JSON.stringify(third.body)).toContain('There is no skill called')
    say(third.call, { text: 'Done.' })
    const { status, text } = await done()
    expect(status).toBe(200)
    expect(readText(text, stream)).toBe('Let me see.\n\nDone.')
    expect(text).not.toContain('load_skill"')
    expect(text).not.toContain('care')
  })

  it('ends with the error when a later call breaks off in the middle of its words', async () => {
    const done = await send({ ...requests[from], model, stream })
    say((await upstream(0)).call, { text: 'Let me see.', load: 'pdf' })
    const second = await upstream(1)
    if (stream) {
      second.call.stream(...wire.stream({ text: 'Half' }).slice(0, model === 'gpt' ? 2 : 3))
      second.call.fail(new Error('reset'))
    } else {
      second.call.fail(new Error('reset'))
      ;(await upstream(2)).call.fail(new Error('reset'))
      ;(await upstream(3)).call.fail(new Error('reset'))
    }
    const { status, text } = await done()
    if (stream) {
      expect(readText(text, stream)).toContain('Half')
      expect(text).toContain('error')
      expect(bench.transport.calls).toHaveLength(2)
    } else expect(status).toBeGreaterThanOrEqual(500)
  })
})

it('a client that leaves in a later round ends the call under way and nothing follows', async () => {
  dialect = 'openai-chat'
  const headers = [`authorization: Bearer ${benchKey}`, 'x-routeiq-skills: auto']
  const body = JSON.stringify({ ...requests['openai-chat'], model: 'gpt', stream: true })
  const client = await server.connect(rawRequest('POST', '/', headers, body))
  const first = await upstream(0)
  first.call.stream(...wires.gpt.stream({ text: 'Let me see.', load: 'pdf' }))
  first.call.end()
  const second = await upstream(1)
  client.destroy()
  await until(() => second.call.cancels > 0)
  await running
  expect(bench.transport.calls).toHaveLength(2)
  expect(bench.rows).toHaveLength(2)
})
