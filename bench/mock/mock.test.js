import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatEmbeddingsAnswer, formatStreamWrites } from './chat-answers.js'
import { Pacer } from './pacer.js'
import { RequestReader } from './request-reader.js'
import { parseScenario } from './scenario.js'

test('the scenario is read from the model name', () => {
  assert.deepEqual(parseScenario('gpt-4o-mini--events-64--gap-20--first-5'), {
    events: 64,
    gapMs: 20,
    firstMs: 5,
  })
  assert.deepEqual(parseScenario('gpt-4o-mini'), { events: 16, gapMs: 0, firstMs: 0 })
  assert.deepEqual(parseScenario('gpt--events-x--gap--4'), { events: 16, gapMs: 0, firstMs: 0 })
})

test('pipelined requests come out alike at every split', () => {
  const one = 'POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello'
  const wire = Buffer.from(`${one}GET /x HTTP/1.1\r\nhost: a\r\n\r\n${one}`)
  for (let cut = 0; cut <= wire.length; cut += 1) {
    const bodies = []
    const reader = new RequestReader((_head, body) => bodies.push(body.toString()))
    reader.push(wire.subarray(0, cut))
    if (cut < wire.length) reader.push(wire.subarray(cut))
    assert.deepEqual(bodies, ['hello', '', 'hello'])
  }
})

test('usage comes as its own event only when asked', () => {
  const events = (withUsage) =>
    Buffer.concat(formatStreamWrites(4, withUsage))
      .toString()
      .match(/data: /g).length
  assert.equal(events(false), 4 + 3)
  assert.equal(events(true), 4 + 4)
})

test('embeddings answer each input in the asked encoding', () => {
  const read = (request) =>
    JSON.parse(formatEmbeddingsAnswer(JSON.stringify(request)).toString().split('\r\n\r\n')[1])
  const floats = read({ input: ['a', 'b'] }).data
  assert.equal(floats.length, 2)
  assert.equal(floats[0].embedding.length, 1536)
  const encoded = read({ input: 'a', encoding_format: 'base64' }).data[0].embedding
  assert.equal(Buffer.from(encoded, 'base64').length, 1536 * 4)
})

test('the pacer calls each stream until it ends, and then rests', async () => {
  const pacer = new Pacer(() => performance.now())
  const calls = { a: 0, b: 0 }
  const paced = (name, times) => ({
    dueMs: performance.now(),
    step(nowMs) {
      calls[name] += 1
      this.dueMs = nowMs + 1
      return calls[name] < times
    },
  })
  pacer.add(paced('a', 3))
  pacer.add(paced('b', 5))
  for (let turn = 0; turn < 500 && pacer.timer !== undefined; turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  assert.deepEqual(calls, { a: 3, b: 5 })
  assert.equal(pacer.timer, undefined)
})
