import { describe, expect, it } from 'vitest'
import { type OptimizerOptions, shortenContext } from './shorten-context.ts'

type Body = Record<string, unknown>
type Message = Record<string, unknown>

const limits = { maxTurns: 40, keepLast: 20 }
/** What a body becomes, as JSON; null where nothing was saved. */
function shorten(body: Body, options: Partial<OptimizerOptions> = {}): Body | null {
  const raw = (name: string): string => JSON.stringify(body[name])
  const shortened = shortenContext(body, raw, { mode: 'safe', ...limits, ...options })
  if (shortened === null) return null
  const members = [...shortened.members].map(([name, text]) => [name, JSON.parse(text)])
  return { ...body, ...Object.fromEntries(members) }
}
const aggressive = (body: Body, options: Partial<OptimizerOptions> = {}): Body | null =>
  shorten(body, { mode: 'aggressive', ...options })
const user = (content: unknown): Message => ({ role: 'user', content })
const assistant = (content: unknown): Message => ({ role: 'assistant', content })
const system = (content: unknown): Message => ({ role: 'system', content })
const last = user('and now?')
const pretty = JSON.stringify({ a: [1, 'x  y'], b: null }, null, 2)
const gaps = 'One.\n\n\n\nTwo.'

describe('the safe mode', () => {
  it('takes the white space out of JSON and blank lines out of prose, in every dialect', () => {
    const tool = { role: 'tool', tool_call_id: 'c', content: pretty }
    const call = { role: 'assistant', content: null, tool_calls: [{ id: 'c', type: 'function' }] }
    expect(shorten({ messages: [system(gaps), user(pretty), call, tool, last] })).toEqual({
      messages: [
        system('One.\n\nTwo.'),
        user('{"a":[1,"x  y"],"b":null}'),
        call,
        { ...tool, content: '{"a":[1,"x  y"],"b":null}' },
        last,
      ],
    })
    const block = (content: unknown): Message => user([{ type: 'tool_result', tool_use_id: 't', content }])
    const use = assistant([{ type: 'tool_use', id: 't', name: 'f', input: {} }])
    expect(
      shorten({ system: [{ type: 'text', text: gaps }], messages: [last, use, block(pretty)] }),
    ).toMatchObject({
      system: [{ type: 'text', text: 'One.\n\nTwo.' }],
      messages: [last, use, block('{"a":[1,"x  y"],"b":null}')],
    })
    const output = { type: 'function_call_output', call_id: 'c', output: pretty }
    expect(
      shorten({ instructions: gaps, input: [last, { type: 'function_call', call_id: 'c' }, output] }),
    ).toMatchObject({
      instructions: 'One.\n\nTwo.',
      input: [{}, {}, { output: '{"a":[1,"x  y"],"b":null}' }],
    })
    const parts = [{ text: gaps }, { inlineData: { data: 'x' } }]
    const ask = { role: 'user', parts: [{ text: gaps }] }
    expect(shorten({ systemInstruction: { parts }, contents: [{ role: 'model', parts }, ask] })).toEqual({
      systemInstruction: { parts: [{ text: 'One.\n\nTwo.' }, parts[1]] },
      contents: [{ role: 'model', parts: [{ text: 'One.\n\nTwo.' }, parts[1]] }, ask],
    })
  })

  it('drops tools and system messages that stand there word for word before', () => {
    const tool = (name: string): object => ({ type: 'function', function: { name, parameters: { a: 1 } } })
    const again = { function: { parameters: { a: 1 }, name: 'f' }, type: 'function' }
    const body = {
      tools: [tool('f'), tool('g'), again],
      messages: [system('Be brief.'), user('Hi'), system('Be brief.'), system('Be kind.'), last],
    }
    expect(shorten(body)).toEqual({
      tools: [tool('f'), tool('g')],
      messages: [system('Be brief.'), user('Hi'), system('Be kind.'), last],
    })
  })

  it('finds nothing to save in most requests', () => {
    expect(shorten({ messages: [system('Be brief.'), user('Hi'), assistant('Hello.'), last] })).toBeNull()
    expect(shorten({ input: gaps })).toBeNull()
    expect(shorten({ messages: [user(gaps)] })).toBeNull()
    expect(shorten({ messages: ['what is this'] })).toBeNull()
    expect(shorten({ contents: [{ parts: [{ text: gaps }] }] })).toBeNull()
  })

  it('leaves what it does not take in as it was sent', () => {
    const raw =
      '[{"role":"user","content":"a","n":1.0},{"role":"user","content":"{ }", "n": 1e400},{"role":"tool","content":"[ 1 ]"},{"role":"user","content":"b"}]'
    const found = shortenContext({ messages: JSON.parse(raw) }, () => raw, { mode: 'safe', ...limits })
    expect(found?.members.get('messages')).toBe(
      '[{"role":"user","content":"a","n":1.0},{"role":"user","content":"{ }", "n": 1e400},{"role":"tool","content":"[1]"},{"role":"user","content":"b"}]',
    )
  })

  it('does not touch what depends on the text being as it is', () => {
    const cited = { type: 'text', text: gaps, citations: [{ start: 1 }] }
    const signed = { text: gaps, thoughtSignature: 's' }
    expect(
      shorten({ messages: [assistant([cited]), assistant([{ type: 'thinking', thinking: gaps }]), last] }),
    ).toBeNull()
    expect(
      shorten({
        contents: [
          { role: 'model', parts: [signed] },
          { role: 'user', parts: [{ text: 'x' }] },
        ],
      }),
    ).toBeNull()
  })
})

const mark = { cache_control: { type: 'ephemeral' } }
const marked = user([{ type: 'text', text: 'x', ...mark }])

describe('what a cache mark covers', () => {
  it('stays, and what comes behind it is shortened', () => {
    const body = {
      system: gaps,
      tools: [{ name: 'f' }, { name: 'f' }],
      messages: [user(gaps), marked, assistant(gaps), last],
    }
    expect(shorten(body)).toEqual({
      ...body,
      messages: [user(gaps), marked, assistant('One.\n\nTwo.'), last],
    })
    expect(
      shorten({
        ...body,
        messages: [user(gaps), last],
        tools: [
          { name: 'f', ...mark },
          { name: 'f', ...mark },
        ],
      }),
    ).toMatchObject({
      tools: [{ ...mark }, { ...mark }],
    })
    expect(
      shorten({
        system: [{ type: 'text', text: gaps, ...mark }],
        tools: [{ name: 'f' }, { name: 'f' }],
        messages: [last],
      }),
    ).toBeNull()
    expect(shorten({ messages: [user(gaps), last], ...mark })).toBeNull()
    expect(shorten({ messages: [{ ...assistant(gaps), ...mark }, last] })).toBeNull()
  })

  it('is no part of a history that is trimmed', () => {
    const turns = Array.from({ length: 60 }, (_, index) =>
      index % 2 === 0 ? user(`q${index}`) : assistant(`a${index}`),
    )
    expect(aggressive({ messages: [marked, ...turns, last] })).toBeNull()
    expect(aggressive({ messages: [...turns, last] })?.['messages']).toHaveLength(19)
  })
})

describe('the aggressive mode', () => {
  const said = 'This was said before, at some length, and with care.'

  it('drops what was said before, as long as those who speak still take turns', () => {
    const answer = assistant('And this was the answer to it, just as long and careful.')
    const messages = [
      user(said),
      answer,
      user(said.toUpperCase()),
      answer,
      user('short'),
      assistant('x'),
      last,
    ]
    expect(aggressive({ messages })).toEqual({ messages: [...messages.slice(0, 2), ...messages.slice(4)] })
    expect(
      aggressive({ messages: [user(said), assistant('a'), user(said), assistant('b'), last] }),
    ).toBeNull()
    expect(aggressive({ messages: [user(said), user(said), last] })).toEqual({ messages: [user(said), last] })
    expect(aggressive({ messages: [user(said), assistant('a'), user(said)] })).toBeNull()
    expect(shorten({ messages })).toBeNull()
    // Neither what the human said last nor what a cache mark covers.
    expect(aggressive({ messages: [user(said), user(said), assistant('a')] })).toBeNull()
    expect(aggressive({ messages: [user(said), user(said), marked, last] })).toBeNull()
  })

  it('keeps the system messages and the last turns of a long history', () => {
    const turns = Array.from({ length: 50 }, (_, index) =>
      index % 2 === 0 ? user(`q${index}`) : assistant(`a${index}`),
    )
    const messages = [system('s'), ...turns.slice(0, 10), system('t'), ...turns.slice(10)]
    expect(aggressive({ messages })).toEqual({ messages: [system('s'), system('t'), ...turns.slice(30)] })
    expect(aggressive({ messages }, { maxTurns: 50 })).toBeNull()
    expect(aggressive({ messages }, { keepLast: 4 })).toEqual({
      messages: [system('s'), system('t'), ...turns.slice(46)],
    })
  })

  it('never takes away what the human said last, however many calls of tools follow', () => {
    const calls = Array.from({ length: 30 }, (_, index) => [
      { role: 'assistant', content: null, tool_calls: [{ id: `c${index}` }] },
      { role: 'tool', tool_call_id: `c${index}`, content: 'x' },
    ]).flat()
    expect(aggressive({ messages: [user('a'), assistant('b'), last, ...calls] })).toEqual({
      messages: [last, ...calls],
    })
    expect(aggressive({ messages: calls })).toBeNull()
    const contents = Array.from({ length: 30 }, () => [
      { role: 'model', parts: [{ function_call: { name: 'f' } }] },
      { parts: [{ function_response: { name: 'f' } }] },
    ]).flat()
    expect(aggressive({ contents: [{ parts: [{ text: 'a' }] }, ...contents] })).toBeNull()
  })
})

describe('conversations at random', () => {
  /** Lehmer's generator. */
  function random(seed: number): (below: number) => number {
    let state = seed * 48_271 + 1
    return (below) => {
      state = (state * 48_271) % 2_147_483_647
      return state % below
    }
  }
  const words = [
    gaps,
    pretty,
    'Yes.',
    'This is a longer text that may well be said more than once.',
    '```\na\n\n\n\nb\n```',
  ]

  function converse(seed: number): Body {
    const pick = random(seed)
    const text = (): string => words[pick(words.length)] ?? ''
    const messages: Message[] = []
    let open: string[] = []
    for (let turn = 0; turn < pick(90); turn += 1) {
      const kind = pick(8)
      if (open.length > 0 && pick(3) > 0) {
        messages.push({ role: 'tool', tool_call_id: open.shift(), content: text() })
      } else if (kind === 0) messages.push(system(text()))
      else if (kind < 3) {
        open = Array.from({ length: 1 + pick(3) }, (_, at) => `call_${turn}_${at}`)
        messages.push({
          role: 'assistant',
          content: null,
          tool_calls: open.map((id) => ({ id, type: 'function' })),
        })
      } else if (kind < 5) messages.push(assistant(text()))
      else if (kind === 5 && pick(12) === 0)
        messages.push(user([{ type: 'text', text: text(), cache_control: { type: 'ephemeral' } }]))
      else if (kind === 6)
        messages.push(
          user([
            { type: 'text', text: text() },
            { type: 'image_url', image_url: { url: `data:${turn}` } },
          ]),
        )
      else messages.push(user(text()))
    }
    return { messages: [...messages, user(gaps), ...(pick(2) === 0 ? [assistant(gaps)] : [])] }
  }

  const listOf = (body: Body): Message[] => body['messages'] as Message[]
  const withoutText = (message: Message): string =>
    JSON.stringify(message, (name, value) =>
      name === 'text' || (name === 'content' && typeof value === 'string') ? '' : value,
    )
  /** What was said, without what shortening may change. */
  const gist = (message: Message): string => JSON.stringify(message).replaceAll(/\\n|[\s]/g, '')

  it.each(Array.from({ length: 300 }, (_, seed) => seed))('keep what must not be lost (%i)', (seed) => {
    const pick = random(seed + 1000)
    const body = converse(seed)
    const before = listOf(body)
    const options = {
      mode: pick(2) === 0 ? 'safe' : 'aggressive',
      maxTurns: 5 + pick(40),
      keepLast: 1 + pick(20),
    } as const
    const shortened = shorten(body, options)
    if (shortened === null) return
    const after = listOf(shortened)

    // Nothing is reordered or made up: what is left is a subsequence, images and calls included.
    let at = 0
    for (const message of after) {
      while (at < before.length && gist(before[at] ?? {}) !== gist(message)) at += 1
      expect(withoutText(message)).toBe(withoutText(before[at] ?? {}))
      at += 1
    }

    // What the human said last is there as it was, with all that follows.
    const lastAsk = before.findLastIndex(({ role }) => role === 'user')
    const tail = after.slice(lastAsk - before.length)
    expect(tail[0]).toEqual(before[lastAsk])
    expect(tail.map(gist)).toEqual(before.slice(lastAsk).map(gist))

    // No result without its call, no call that has lost its result.
    const idsOf = (list: Message[]): { calls: unknown[]; results: unknown[] } => ({
      calls: list.flatMap((message) => ((message['tool_calls'] ?? []) as Message[]).map(({ id }) => id)),
      results: list.flatMap((message) => message['tool_call_id'] ?? []),
    })
    const [given, left] = [idsOf(before), idsOf(after)]
    for (const id of left.results) expect(left.calls).toContain(id)
    for (const id of left.calls) expect(left.results.includes(id)).toBe(given.results.includes(id))

    // What a mark covers is there to the letter.
    const lastMark = before.findLastIndex((message) => JSON.stringify(message).includes('cache_control'))
    expect(after.slice(0, lastMark + 1)).toEqual(before.slice(0, lastMark + 1))
    expect(JSON.stringify(after).length).toBeLessThan(JSON.stringify(before).length)
  })
})
