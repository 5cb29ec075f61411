import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../deployments/for-test.ts'
import { decodeError, findFailure } from '../../providers/decode-error.ts'
import { decodeUsage } from '../../providers/openai/decode-usage.ts'
import { PassthroughStream, type PassthroughStreamOptions } from './passthrough-stream.ts'

const requestedModel = 'Modell “é”'

function open(options: Partial<PassthroughStreamOptions> = {}): PassthroughStream {
  return new PassthroughStream({
    requestedModel,
    includesUsage: false,
    maxEventBytes: 1_048_576,
    decodeUsage,
    decodeError: (body) => findFailure(JSON.parse(body)) ?? decodeError(200, {}, body),
    ...options,
  })
}

interface Outcome {
  readonly text: string
  readonly failure: string | null
  readonly usage: readonly [number, number] | null
  readonly tokens: number
}

function relay(chunks: readonly Buffer[], options: Partial<PassthroughStreamOptions> = {}): Outcome {
  const stream = open(options)
  let latin1 = ''
  for (const chunk of chunks) latin1 += stream.push(chunk) ?? ''
  latin1 += stream.end() ?? ''
  const { failure, usage, estimatedOutputTokens } = stream
  return {
    text: Buffer.from(latin1, 'latin1').toString('utf8'),
    failure: failure?.message ?? null,
    usage: usage === null ? null : [usage.inputTokens, usage.outputTokens],
    tokens: estimatedOutputTokens,
  }
}

function relayText(text: string, options: Partial<PassthroughStreamOptions> = {}): Outcome {
  return relay([Buffer.from(text)], options)
}

const common = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'gpt-4o-2024' }
const choice = (delta: object, finish: string | null = null) => ({ index: 0, delta, finish_reason: finish })
const usage = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 }
const event = (members: object): string => `data: ${JSON.stringify({ ...common, ...members })}\n\n`
const stamped = (members: object): string => event({ model: requestedModel, ...members })
const done = 'data: [DONE]\n\n'

const role = { choices: [choice({ role: 'assistant', content: '' })] }
const hello = {
  choices: [choice({ content: 'Héllo 𝄞 "model":"gpt-4o-2024" [DONE] data: [DONE] "usage":{' })],
}
const stop = { choices: [choice({}, 'stop')] }
const usageOnly = { choices: [], usage }
const plain = [role, hello, stop]

/** The same events as others write them: the line ends, and the white space of Python's JSON. */
const crlf = (text: string): string => text.replaceAll('\n', '\r\n')
const cr = (text: string): string => text.replaceAll('\n', '\r')
const spaced = (text: string): string => text.replaceAll(/"(\w+)":/g, '"$1": ')

describe('a plain stream', () => {
  it('goes through byte for byte but for the model', () => {
    expect(relayText(plain.map(event).join('') + done)).toEqual({
      text: plain.map(stamped).join('') + done,
      failure: null,
      usage: null,
      tokens: 4,
    })
  })

  it.each([crlf, cr])('keeps its line ends', (spell) => {
    const { text, tokens } = relayText(spell(plain.map(event).join('') + done))
    expect([text, tokens]).toEqual([spell(plain.map(stamped).join('') + done), 4])
  })

  it('is untouched when the provider uses the name asked for', () => {
    const text = `: note\n${plain.map(event).join('')}id: 7\nretry: 3\nevent: x\n${event(stop)}${done}`
    expect(relayText(text, { requestedModel: common.model }).text).toBe(text)
  })

  it('keeps comments and unknown events between events', () => {
    const between = ': ping\n\nevent: extra\ndata: anything\n\n'
    expect(relayText(event(role) + between + event(stop) + done).text).toBe(
      stamped(role) + between + stamped(stop) + done,
    )
  })
})

describe('the model', () => {
  it.each([
    ['"model":"gpt-4o"', 'compact'],
    ['"model": "gpt-4o"', 'spaced'],
    ['"model" : "gpt-4o"', 'wide'],
    ['"model":"org\\/gpt-4o"', 'with escaped slashes'],
    ['"model":"modell \\"é\\""', 'with quotes and bytes beyond ASCII'],
  ])('%s is replaced', (member) => {
    const line = `data: {"id":"x",${member},"choices":[{"delta":{"content":"é"},"finish_reason":"stop"}]}\n\n`
    const expected = line.replace(member, `"model":${JSON.stringify(requestedModel)}`)
    expect(relayText(line + line + done).text).toBe(expected + expected + done)
  })

  it('is learned later when the first events have none or an empty one', () => {
    const filter = { model: '', choices: [], prompt_filter_results: [] }
    const { model: _, ...nameless } = { ...common, ...role }
    const input = `${event(filter)}data: ${JSON.stringify(nameless)}\n\n${event(role)}${event(stop)}${done}`
    const expected = `${stamped({ ...filter, model: requestedModel })}data: ${JSON.stringify(nameless)}\n\n${stamped(role)}${stamped(stop)}${done}`
    expect(relayText(input).text).toBe(expected)
  })

  it('may be absent altogether', () => {
    const nameless = `data: {"choices":[{"delta":{"content":"x"}}]}\n\n`.repeat(20) + done
    expect(relayText(nameless)).toMatchObject({ text: nameless, failure: null })
  })

  it('is no pattern for replacing', () => {
    const name = "$& $' $1"
    const text = event(role) + event(stop) + done
    expect(relayText(text, { requestedModel: name }).text).toBe(
      event({ ...role, model: name }) + event({ ...stop, model: name }) + done,
    )
  })
})

describe('usage', () => {
  const withUsage = plain.map(event).join('') + event(usageOnly) + done

  it('in its own event is read, and shown only to who asked', () => {
    expect(relayText(withUsage)).toMatchObject({
      text: plain.map(stamped).join('') + done,
      usage: [11, 7],
    })
    expect(relayText(withUsage, { includesUsage: true })).toMatchObject({
      text: plain.map(stamped).join('') + stamped(usageOnly) + done,
      usage: [11, 7],
    })
  })

  it('in an event without choices is usage alone as well', () => {
    const text = event(stop) + event({ usage }) + done
    expect(relayText(text)).toMatchObject({ text: stamped(stop) + done, usage: [11, 7] })
  })

  it('null on every event stays', () => {
    const nulls = plain.map((members) => ({ ...members, usage: null }))
    expect(relayText(nulls.map(event).join('') + event(usageOnly) + done)).toMatchObject({
      text: nulls.map(stamped).join('') + done,
      usage: [11, 7],
    })
  })

  it('beside the finish is taken out, and moved to an event of its own for who asked', () => {
    const text = event(role) + event({ ...stop, usage }) + done
    expect(relayText(text)).toMatchObject({ text: stamped(role) + stamped(stop) + done, usage: [11, 7] })
    expect(relayText(text, { includesUsage: true }).text).toBe(
      stamped(role) + stamped(stop) + stamped(usageOnly) + done,
    )
  })

  it('on every event counts as it stood last', () => {
    const growing = [1, 2, 7].map((completion_tokens) => ({ ...usage, completion_tokens }))
    const text = [role, hello, stop]
      .map((members, index) => event({ ...members, usage: growing[index] }))
      .join('')
    expect(relayText(text + done)).toMatchObject({ text: plain.map(stamped).join('') + done, usage: [11, 7] })
    expect(relayText(text + done, { includesUsage: true }).text).toBe(
      plain.map(stamped).join('') + stamped(usageOnly) + done,
    )
  })

  it('of x_groq is read, and shown once', () => {
    const groq = { ...stop, x_groq: { id: 'req', usage } }
    expect(relayText(event(groq) + done)).toMatchObject({ text: stamped(groq) + done, usage: [11, 7] })
    expect(relayText(event(groq) + done, { includesUsage: true }).text).toBe(
      stamped(groq) + stamped(usageOnly) + done,
    )
    expect(relayText(event(groq) + event(usageOnly) + done, { includesUsage: true }).text).toBe(
      stamped(groq) + stamped(usageOnly) + done,
    )
  })

  it('that says nothing is no usage', () => {
    expect(relayText(event(stop) + event({ choices: [], usage: {} }) + done).usage).toBeNull()
  })

  it('is estimated at a token an event', () => {
    expect(relayText(event(hello).repeat(50) + event(stop) + done).tokens).toBe(52)
    expect(relayText(crlf(event(hello).repeat(50) + event(stop) + done)).tokens).toBe(52)
  })
})

describe('an error', () => {
  const error = { error: { message: 'Slöw down', type: 'rate_limit_error', code: 'rate_limit_exceeded' } }
  const failed = `data: ${JSON.stringify(error)}\n\n`

  it.each([
    ['first', failed],
    ['first after comments', `: connecting\n\n: waiting\n\n${failed}`],
    ['first, named', `event: error\n${failed}`],
    ['first, cut before its blank line', failed.trimEnd()],
  ])('%s sends nothing', (_, text) => {
    expect(relayText(text)).toMatchObject({ text: '', failure: 'Slöw down' })
  })

  it('later ends the stream behind what came before', () => {
    expect(relayText(event(role) + event(hello) + failed + event(stop) + done)).toMatchObject({
      text: stamped(role) + stamped(hello),
      failure: 'Slöw down',
    })
  })

  it('beside choices is one all the same', () => {
    const inside = event({ ...error, choices: [choice({ content: '' }, 'error')] })
    expect(relayText(event(role) + inside + done)).toMatchObject({
      text: stamped(role),
      failure: 'Slöw down',
    })
  })

  it('null on every event is none', () => {
    const nulls = plain.map((members) => ({ ...members, error: null }))
    expect(relayText(nulls.map(event).join('') + done)).toMatchObject({
      text: nulls.map(stamped).join('') + done,
      failure: null,
    })
  })

  it('takes no further chunk', () => {
    const stream = open()
    stream.push(Buffer.from(failed))
    expect([stream.push(Buffer.from(event(role))), stream.end()]).toEqual([null, null])
    expect(stream.failure?.kind).toBe('rate_limit')
  })
})

describe('the end', () => {
  it('without [DONE] is complete after a finish, and given one', () => {
    expect(relayText(event(role) + event(stop))).toMatchObject({
      text: stamped(role) + stamped(stop) + done,
      failure: null,
    })
    expect(relayText(event(role) + event({ ...stop, usage }), { includesUsage: true }).text).toBe(
      stamped(role) + stamped(stop) + stamped(usageOnly) + done,
    )
  })

  it.each(['', '\n', '\r', '\r\n'])('may leave all but %j of the last blank line out', (rest) => {
    const begun = event(role) + event(stop)
    const expected = stamped(role) + stamped(stop) + done
    expect(relayText(`${begun}data: [DONE]${rest}`)).toMatchObject({ text: expected, failure: null })
    expect(relayText(begun.trimEnd() + rest)).toMatchObject({ text: expected, failure: null })
  })

  it.each([
    ['nothing', '', 'an empty stream'],
    ['comments', ': a\n\n: b\n\n', 'an empty stream'],
    ['no finish', event(role) + event(hello), 'broke off'],
    ['half an event', event(role) + event(stop).slice(0, -20), 'broke off'],
    ['half a first event', event(role).slice(0, 30), 'broke off'],
    ['no JSON', 'data: oops\n\n', 'not JSON'],
    ['no stream', '<html>', 'broke off'],
  ])('after %s is a failure', (_, text, message) => {
    const { failure } = relayText(text)
    expect(failure).toContain(message)
  })

  it('never gives half of an event to the client', () => {
    const whole = event(role) + event(stop)
    const next = event(usageOnly)
    for (let length = 1; length < next.length - 2; length += 1) {
      const { text, failure } = relayText(whole + next.slice(0, length))
      expect([text, failure]).toEqual([stamped(role) + stamped(stop) + done, null])
    }
  })

  it('of an answer that spoke of [DONE] is not taken for granted', () => {
    expect(relayText(event(role) + event(hello)).failure).toContain('broke off')
  })
})

describe('a long event', () => {
  it('is carried over many chunks', () => {
    const image = { choices: [choice({ content: 'x'.repeat(300_000) })] }
    const bytes = Buffer.from(event(role) + event(image) + event(stop) + done)
    const chunks = Array.from({ length: Math.ceil(bytes.length / 1_000) }, (_, index) =>
      bytes.subarray(index * 1_000, (index + 1) * 1_000),
    )
    expect(relay(chunks).text).toBe(stamped(role) + stamped(image) + stamped(stop) + done)
  })

  it('over the limit is a failure, behind what came before', () => {
    const endless = Buffer.from('x'.repeat(100))
    const stream = open({ maxEventBytes: 1_000 })
    expect(stream.push(Buffer.from(event(role)))).not.toBeNull()
    let chunks = 0
    while (stream.failure === null && chunks < 100) {
      expect(stream.push(endless)).toBeNull()
      chunks += 1
    }
    expect([chunks, stream.failure?.message]).toEqual([11, expect.stringContaining('more than 1000 bytes')])
  })
})

describe('what comes out does not depend on the chunks', () => {
  const error = `data: ${JSON.stringify({ error: { message: 'No', type: 'server_error' } })}\n\n`
  const withUsage = event({ ...stop, usage }) + done
  const streams: readonly [string, string][] = [
    ['plain', plain.map(event).join('') + done],
    ['with CRLF', crlf(plain.map(event).join('') + event(usageOnly) + done)],
    ['with CR', cr(plain.map(event).join('') + event(usageOnly) + done)],
    ['in Python', spaced(plain.map(event).join('') + event(usageOnly) + done)],
    ['with comments', `: a\n\n: b\n\n${event(role)}: c\n\n${event(stop)}: d\n\n${done}`],
    ['with usage beside the finish', event(role) + withUsage],
    ['with usage of Groq', event({ ...stop, x_groq: { usage } }) + done],
    ['with an empty model', event({ ...role, model: '' }) + event(role) + withUsage],
    ['with an error', event(role) + error + event(stop)],
    ['with an error first', `: a\n\n${error}${event(role)}`],
    ['without [DONE]', event(role) + event({ ...stop, usage })],
    ['cut between events', event(role) + event(hello)],
    ['cut inside an event', event(role) + event(stop) + event(usageOnly).slice(0, 40)],
    ['without JSON', 'data: oops\n\n'],
  ]

  describe.each([false, true])('usage asked for: %s', (includesUsage) => {
    it.each(streams)('%s, split in two at every byte', (_, text) => {
      const bytes = Buffer.from(text)
      const whole = relay([bytes], { includesUsage })
      for (let at = 0; at <= bytes.length; at += 1)
        expect(relay([bytes.subarray(0, at), bytes.subarray(at)], { includesUsage })).toEqual(whole)
    })

    it.each(streams)('%s, byte by byte and in random pieces', (_, text) => {
      const bytes = Buffer.from(text)
      const whole = relay([bytes], { includesUsage })
      expect(
        relay(
          [...bytes].map((byte) => Buffer.from([byte])),
          { includesUsage },
        ),
      ).toEqual(whole)
      const random = seededRandom(bytes.length)
      for (let turn = 0; turn < 20; turn += 1) {
        const chunks: Buffer[] = []
        for (let at = 0; at < bytes.length; ) {
          const next = at + 1 + Math.floor(random() * 60)
          chunks.push(bytes.subarray(at, next))
          at = next
        }
        expect(relay(chunks, { includesUsage })).toEqual(whole)
      }
    })
  })

  it('every piece that comes out is whole events', () => {
    const bytes = Buffer.from(`${plain.map(event).join('')}${event(usageOnly)}${done}`)
    const stream = open({ includesUsage: true })
    for (const byte of bytes) {
      const text = stream.push(Buffer.from([byte]))
      if (text !== null) expect(text.endsWith('\n\n')).toBe(true)
    }
  })
})
