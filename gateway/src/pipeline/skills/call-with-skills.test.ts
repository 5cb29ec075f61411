import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  type ExchangeServer,
  rawRequest,
  startExchangeServer,
  until,
} from '../../http/testing/exchange-server.ts'
import { type InjectorBench, MemorySkills, openInjectorBench } from '../../injection/for-test.ts'
import { protocolOf } from '../../protocols/protocols.ts'
import { handleRequest } from '../handle-request.ts'
import { benchKey, type GatewayBench, openGatewayBench } from '../testing/gateway-bench.ts'

const config = `
model_list:
  - { model_name: gpt, litellm_params: { model: openai/gpt-4o, api_key: sk-up, api_base: "http://up.test/v1" } }
  - { model_name: claude, litellm_params: { model: anthropic/claude-x, api_key: sk-up } }
router_settings: { num_retries: 0 }
`
const bodies = { pdf: 'Open the file with care.', mail: 'Write politely.' }
type Dialect = 'openai-chat' | 'anthropic-messages'

let bench: GatewayBench
let skills: MemorySkills
let injection: InjectorBench
let server: ExchangeServer
let dialect: Dialect = 'openai-chat'
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
  skills = new MemorySkills(bodies)
  injection = openInjectorBench(skills)
  bench = openGatewayBench(config, { skills: injection.injector })
  dialect = 'openai-chat'
})

async function send(body: object, wish = 'auto') {
  const headers = [`authorization: Bearer ${benchKey}`, ...(wish === '' ? [] : [`x-routeiq-skills: ${wish}`])]
  const content = JSON.stringify({
    messages: [{ role: 'user', content: 'Read this pdf' }],
    max_tokens: 100,
    ...body,
  })
  const answer = server.send(rawRequest('POST', '/', headers, content))
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

const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 }
const chatReply = (message: object, finish = 'stop') =>
  JSON.stringify({
    id: 'x',
    object: 'chat.completion',
    created: 1,
    model: 'gpt-4o',
    choices: [{ index: 0, message: { role: 'assistant', content: null, ...message }, finish_reason: finish }],
    usage,
  })
const load = (id: string, name: string) => ({
  id,
  type: 'function',
  function: { name: 'load_skill', arguments: JSON.stringify({ name }) },
})
const chunk = (delta: object, finish: string | null = null, rest: object = {}) =>
  `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, model: 'gpt-4o', choices: [{ index: 0, delta, finish_reason: finish }], ...rest })}\n\n`

describe('a whole answer with skills', () => {
  it('goes out with menu, tool and hint and comes back as it is when nothing is loaded', async () => {
    const done = await send({
      model: 'gpt',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Read this pdf' },
      ],
    })
    const { call, body } = await upstream(0)
    expect(body.messages.map(({ role }: { role: string }) => role)).toEqual(['system', 'system', 'user'])
    expect(body.messages[1].content).toContain('| pdf | About pdf |')
    expect(body.messages[2].content).toBe(
      'Read this pdf\n\n<routeiq-hint>\nBest matches for this request: pdf.\n</routeiq-hint>',
    )
    expect(body.tools.map((tool: { function: { name: string } }) => tool.function.name)).toEqual([
      'load_skill',
    ])
    call.answer(200, chatReply({ content: 'Done.' }))
    const { status, head, text } = await done()
    expect(status).toBe(200)
    expect(JSON.parse(text).choices[0].message.content).toBe('Done.')
    expect(head).toContain('x-routeiq-routing-id: rt_1')
    expect(head).toContain('x-routeiq-skills-upstream-calls: 1')
    expect(bench.transport.calls).toHaveLength(1)
  })

  it('loads a skill behind the back of the client', async () => {
    const done = await send({ model: 'gpt' })
    const first = await upstream(0)
    first.call.answer(
      200,
      chatReply({ content: 'Let me see.', tool_calls: [load('call_1', 'pdf')] }, 'tool_calls'),
    )
    const second = await upstream(1)
    expect(second.body.messages.slice(-2)).toEqual([
      { role: 'assistant', content: 'Let me see.', tool_calls: [load('call_1', 'pdf')] },
      { role: 'tool', tool_call_id: 'call_1', content: '## Skill: pdf\n\nOpen the file with care.' },
    ])
    second.call.answer(200, chatReply({ content: 'Done.' }))
    const { head, text } = await done()
    const answer = JSON.parse(text)
    expect(answer.choices[0]).toMatchObject({
      message: { content: 'Let me see.\n\nDone.' },
      finish_reason: 'stop',
    })
    expect(text).not.toContain('load_skill')
    expect(answer.usage).toMatchObject({ prompt_tokens: 10, completion_tokens: 10 })
    expect(head).toContain('x-routeiq-skills-loaded: pdf')
    expect(head).toContain('x-routeiq-skills-upstream-calls: 2')
    expect(bench.rows.map((row) => row.attempt)).toEqual([1, 2])
    expect(injection.reports[0]).toMatchObject({ isClosed: true, loaded: [{ name: 'pdf', asked: true }] })
  })
})

describe('a stream with skills', () => {
  it('is one stream of two upstream calls', async () => {
    const done = await send({ model: 'gpt', stream: true, stream_options: { include_usage: true } })
    const first = await upstream(0)
    first.call.stream(
      chunk({ role: 'assistant', content: '' }),
      chunk({ content: 'Let me see.' }),
      chunk({ tool_calls: [{ index: 0, ...load('call_1', 'pdf') }] }),
      chunk({}, 'tool_calls'),
      `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, model: 'gpt-4o', choices: [], usage })}\n\n`,
      'data: [DONE]\n\n',
    )
    first.call.end()
    const second = await upstream(1)
    second.call.stream(
      chunk({ role: 'assistant', content: '' }),
      chunk({ content: 'Done.' }),
      chunk({}, 'stop'),
      `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, model: 'gpt-4o', choices: [], usage })}\n\n`,
      'data: [DONE]\n\n',
    )
    second.call.end()
    const { text } = await done()
    const events = text
      .split('\n')
      .filter((line) => line.startsWith('data: {'))
      .map((line) => JSON.parse(line.slice(6)))
    expect(events.map(({ choices }) => choices[0]?.delta?.content ?? '').join('')).toBe(
      'Let me see.\n\nDone.',
    )
    expect(events.filter(({ choices }) => choices[0]?.delta?.role !== undefined)).toHaveLength(1)
    expect(events.filter(({ choices }) => choices[0]?.finish_reason === 'stop')).toHaveLength(1)
    expect(events.at(-1).usage).toMatchObject({ prompt_tokens: 10, completion_tokens: 10 })
    expect(text).not.toContain('load_skill')
    expect(text.endsWith('data: [DONE]\n\n') || text.includes('data: [DONE]')).toBe(true)
    expect(bench.rows).toHaveLength(2)
  })
})

const weather = {
  type: 'function',
  function: { name: 'weather', parameters: { type: 'object', properties: {} } },
}
const callWeather = { id: 'call_w', type: 'function', function: { name: 'weather', arguments: '{}' } }
const human = { role: 'user', content: 'Read this pdf' }

describe('a turn that goes on', () => {
  it('puts back what the client never saw when it returns with the results of its own tools', async () => {
    const done = await send({ model: 'gpt', tools: [weather] })
    const first = await upstream(0)
    first.call.answer(200, chatReply({ tool_calls: [load('call_1', 'pdf'), callWeather] }, 'tool_calls'))
    const answer = JSON.parse((await done()).text)
    expect(answer.choices[0]).toMatchObject({
      message: { tool_calls: [{ ...callWeather }] },
      finish_reason: 'tool_calls',
    })
    expect(answer.choices[0].message.tool_calls).toHaveLength(1)

    const echoed = [
      human,
      answer.choices[0].message,
      { role: 'tool', tool_call_id: 'call_w', content: 'Sun' },
    ]
    const again = await send({ model: 'gpt', tools: [weather], messages: echoed })
    const second = await upstream(1)
    expect(second.body.messages.slice(-3)).toEqual([
      { role: 'assistant', content: null, tool_calls: [load('call_1', 'pdf'), callWeather] },
      { role: 'tool', tool_call_id: 'call_1', content: '## Skill: pdf\n\nOpen the file with care.' },
      { role: 'tool', tool_call_id: 'call_w', content: 'Sun' },
    ])
    expect(second.body.messages.slice(0, 2)).toEqual(first.body.messages.slice(0, 2))
    second.call.answer(200, chatReply({ content: 'Done.' }))
    expect((await again()).head).toContain('x-routeiq-routing-id: rt_1')
    expect(skills.questions).toHaveLength(1)
  })

  it('keeps every byte in front of what is new, turn after turn, and decides once a human message', async () => {
    const messages: object[] = []
    let before: string[] = []
    let calls = 0
    for (let turn = 0; turn < 12; turn += 1) {
      messages.push({ role: 'user', content: turn % 2 === 0 ? `pdf ${turn}` : `mail ${turn}` })
      const done = await send({ model: 'gpt', messages })
      const first = await upstream(calls++)
      if (turn === 3) {
        first.call.answer(200, chatReply({ tool_calls: [load('call_x', 'mail')] }, 'tool_calls'))
        ;(await upstream(calls++)).call.answer(200, chatReply({ content: `Answer ${turn}` }))
      } else first.call.answer(200, chatReply({ content: `Answer ${turn}` }))
      const answer = JSON.parse((await done()).text)
      const sent: string[] = first.body.messages.map((message: object) => JSON.stringify(message))
      expect(sent.slice(0, before.length)).toEqual(before)
      before = sent
      messages.push(answer.choices[0].message)
    }
    expect(before.join('\n')).toContain('Write politely.')
    expect(skills.questions).toHaveLength(12)
  })
})

describe('limits', () => {
  it('answers loads beyond the budget, twice and of unknown names with words, and stops offering the tool', async () => {
    const policy = { bodies: 1, rounds: 3 }
    bench = openGatewayBench(config, { skills: openInjectorBench(skills, policy).injector })
    const done = await send({ model: 'gpt', tools: [weather] })
    const calls = [load('a', 'pdf'), load('b', 'pdf'), load('c', 'mail'), load('d', 'nothing')]
    ;(await upstream(0)).call.answer(200, chatReply({ tool_calls: calls }, 'tool_calls'))
    const second = await upstream(1)
    const results = second.body.messages
      .slice(-4)
      .map(({ content }: { content: string }) => content.slice(0, 24))
    expect(results).toEqual([
      '## Skill: pdf\n\nOpen the ',
      'The skill "pdf" is alrea',
      'No more skills can be re',
      'There is no skill called',
    ])
    for (const index of [1, 2]) {
      ;(await upstream(index)).call.answer(
        200,
        chatReply({ tool_calls: [load(`e${index}`, 'pdf')] }, 'tool_calls'),
      )
    }
    const last = await upstream(3)
    expect(last.body.tools).toEqual([
      expect.objectContaining({ function: expect.objectContaining({ name: 'weather' }) }),
    ])
    last.call.answer(200, chatReply({ content: 'Done.' }))
    expect((await done()).status).toBe(200)
  })

  it('asks once more when a later call fails, then without the tool, then gives the error', async () => {
    const done = await send({ model: 'gpt' })
    ;(await upstream(0)).call.answer(200, chatReply({ tool_calls: [load('a', 'pdf')] }, 'tool_calls'))
    ;(await upstream(1)).call.answer(500, '{"error":{"message":"broken"}}')
    ;(await upstream(2)).call.answer(500, '{"error":{"message":"broken"}}')
    const last = await upstream(3)
    expect(last.body.tool_choice).toBe('none')
    last.call.answer(503, '{"error":{"message":"overloaded"}}')
    expect((await done()).status).toBeGreaterThanOrEqual(500)
    const recovered = await send({ model: 'gpt' })
    ;(await upstream(4)).call.answer(200, chatReply({ tool_calls: [load('a', 'pdf')] }, 'tool_calls'))
    ;(await upstream(5)).call.answer(500, '{"error":{"message":"broken"}}')
    ;(await upstream(6)).call.answer(200, chatReply({ content: 'Done.' }))
    expect((await recovered()).status).toBe(200)
  })
})

describe('requests that take no tool', () => {
  it.each([
    { tool_choice: 'none', tools: [weather] },
    { n: 2 },
    { response_format: { type: 'json_object' } },
  ])('get the best body behind the menu: %j', async (members) => {
    const done = await send({ model: 'gpt', ...members })
    const { call, body } = await upstream(0)
    expect(JSON.stringify(body.messages[0])).toContain('## Skill: pdf')
    expect(JSON.stringify(body.tools ?? [])).not.toContain('load_skill')
    call.answer(200, chatReply({ content: '{}' }))
    const { head } = await done()
    expect(head).toContain('x-routeiq-skills-mode: inline')
    expect(injection.reports[0]?.loaded).toMatchObject([{ name: 'pdf', asked: false }])
  })
})

describe('requests without skills', () => {
  it.each([
    ['client-router', { messages: [{ role: 'system', content: '## Available Skills\n' }, human] }, 'auto'],
    [
      'client-router',
      { tools: [{ ...weather, function: { name: 'load_skill', parameters: { required: ['name'] } } }] },
      'auto',
    ],
  ])('say why: %s', async (reason, members, wish) => {
    const done = await send({ model: 'gpt', ...members }, wish)
    ;(await upstream(0)).call.answer(200, chatReply({ content: 'x' }))
    expect((await done()).head).toContain(`x-routeiq-skills-skipped: ${reason}`)
  })

  it('go through untouched when nothing is wanted', async () => {
    const done = await send({ model: 'gpt', routeiq: { other: 1 } }, '')
    const { call, body } = await upstream(0)
    expect(body.messages).toEqual([human])
    expect(body.routeiq).toBeUndefined()
    call.answer(200, chatReply({ content: 'x' }))
    expect((await done()).head).not.toContain('x-routeiq-skills')
  })

  it('are refused for a wish that cannot be read or a name that is not there', async () => {
    expect(await (await send({ model: 'gpt' }, 'auto;k=many'))()).toMatchObject({ status: 400 })
    expect(await (await send({ model: 'gpt' }, 'pdf, nothing'))()).toMatchObject({
      status: 404,
      text: expect.stringContaining('nothing'),
    })
    const done = await send({ model: 'gpt' }, 'pdf, nothing; missing=skip')
    const { call, body } = await upstream(0)
    expect(body.messages[0].content).not.toContain('mail')
    call.answer(200, chatReply({ content: 'x' }))
    expect((await done()).head).toContain('x-routeiq-skills-mode: list')
  })
})
