import { parseArgs } from 'node:util'
import { formatTable } from './report/format-table.js'

/**
 * CPU time of one event of a stream for clients of every dialect, of an upstream that speaks chat completions, against the
 * pass-through of chat completions. Nothing but the relay runs: no sockets, no pipeline.
 */
const GATEWAY = new URL('../gateway/dist/', import.meta.url).href
const { protocols } = await import(`${GATEWAY}protocols/protocols.js`)
const { openaiWire } = await import(`${GATEWAY}providers/openai/openai.js`)
const { plainReplyContext } = await import(`${GATEWAY}providers/reply-context.js`)
const { TranslatedStream } = await import(`${GATEWAY}relay/translated.js`)

const EVENTS = 200
const GOAL = 3
const { values } = parseArgs({
  options: { streams: { type: 'string', default: '2000' }, rounds: { type: 'string', default: '5' } },
})
const [streams, rounds] = [Number(values.streams), Number(values.rounds)]

const chunks = makeChunks()
const carrier = { seal: () => null, open: () => null }
const options = { operation: 'chat', includesUsage: true, body: {}, carrier }
const head = { id: 'x', created: 1, model: 'asked' }

function makeChunks() {
  const common = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'gpt-4o-mini' }
  const chunk = (delta, finish_reason = null) => ({
    ...common,
    choices: [{ index: 0, delta, finish_reason }],
  })
  const events = [chunk({ role: 'assistant', content: '' })]
  for (let index = 0; index < EVENTS; index += 1) events.push(chunk({ content: ` word${index}` }))
  events.push(chunk({}, 'stop'), {
    ...common,
    choices: [],
    usage: { prompt_tokens: 9, completion_tokens: EVENTS, total_tokens: EVENTS + 9 },
  })
  return [...events.map((event) => `data: ${JSON.stringify(event)}\n\n`), 'data: [DONE]\n\n'].map((text) =>
    Buffer.from(text),
  )
}

function passThrough() {
  return protocols[0].createPassthroughStream({
    ...options,
    requestedModel: 'asked',
    maxEventBytes: 1_000_000,
    decodeUsage: openaiWire.decodeUsage,
    decodeError: () => null,
    publicId: null,
  })
}

function translated(protocol) {
  const formatter = protocol.createStreamFormatter(head, options)
  return new TranslatedStream(
    openaiWire.framing,
    openaiWire.createStreamDecoder(plainReplyContext),
    formatter,
  )
}

/** Microseconds of CPU an event. */
function measure(open) {
  const before = process.cpuUsage()
  for (let stream = 0; stream < streams; stream += 1) {
    const relay = open()
    for (const chunk of chunks) relay.push(chunk)
    relay.end()
    if (relay.failure !== null || relay.usage?.outputTokens !== EVENTS)
      throw new Error('the stream was not relayed whole')
  }
  const { user, system } = process.cpuUsage(before)
  return (user + system) / (streams * chunks.length)
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]
const subjects = [
  ['pass-through', passThrough],
  ...protocols.slice(1).map((protocol) => [protocol.id, () => translated(protocol)]),
]
for (const [, open] of subjects) measure(open)
const results = subjects.map(([name]) => [name, []])
for (let round = 0; round < rounds; round += 1)
  for (const [index, [, open]] of subjects.entries()) results[index][1].push(measure(open))

const base = median(results[0][1])
const rows = results.map(([name, times]) => {
  const ratio = median(times) / base
  return [
    name,
    median(times).toFixed(2),
    ratio.toFixed(2),
    name === 'pass-through' ? '' : ratio <= GOAL ? 'goal met' : 'MISSED',
  ]
})
console.log(formatTable([['to clients of', 'CPU µs an event', '÷ pass-through', `goal ≤ ${GOAL}`], ...rows]))
