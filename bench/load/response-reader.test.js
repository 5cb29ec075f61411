import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CHAT_ANSWER, formatStreamWrites } from '../mock/chat-answers.js'
import { EventCounter } from './event-counter.js'
import { ResponseReader } from './response-reader.js'

function readAll(pieces) {
  const seen = { bodies: [], statuses: [] }
  const counter = new EventCounter()
  let body = ''
  const reader = new ResponseReader({
    onBody: (bytes, start, end) => {
      body += bytes.toString('utf8', start, end)
      counter.push(bytes, start, end)
    },
    onEnd: (status) => {
      seen.statuses.push(status)
      seen.bodies.push(body)
      body = ''
    },
  })
  for (const piece of pieces) reader.push(piece, piece.length)
  return { ...seen, counter }
}

test('two plain answers in a row are read whole at every split', () => {
  const wire = Buffer.concat([CHAT_ANSWER, CHAT_ANSWER])
  for (let cut = 0; cut <= wire.length; cut += 1) {
    const { statuses, bodies } = readAll([wire.subarray(0, cut), wire.subarray(cut)])
    assert.deepEqual(statuses, [200, 200])
    assert.equal(JSON.parse(bodies[1]).usage.total_tokens, 33)
  }
})

test('a stream is counted alike at every split and byte by byte', () => {
  const wire = Buffer.concat(formatStreamWrites(3, true))
  const bytes = Array.from(wire, (_, at) => wire.subarray(at, at + 1))
  const splits = Array.from(wire, (_, cut) => [wire.subarray(0, cut), wire.subarray(cut)])
  for (const pieces of [bytes, ...splits]) {
    const { counter, statuses } = readAll(pieces)
    assert.deepEqual(statuses, [200])
    assert.equal(counter.count, 7)
    assert.equal(counter.done, true)
  }
})

test('bytes after the given end are not read', () => {
  const wire = Buffer.concat([CHAT_ANSWER, Buffer.from('stale bytes of an earlier read')])
  const statuses = []
  const reader = new ResponseReader({ onBody: () => {}, onEnd: (status) => statuses.push(status) })
  reader.push(wire, CHAT_ANSWER.length)
  assert.deepEqual(statuses, [200])
})

test('a stream without its last event is not done', () => {
  const whole = Buffer.concat(formatStreamWrites(2, false)).toString()
  const cut = Buffer.from(whole.replace(/e\r\ndata: \[DONE\]\n\n\r\n/, ''))
  const { counter, statuses } = readAll([cut])
  assert.deepEqual(statuses, [200])
  assert.equal(counter.count, 4)
  assert.equal(counter.done, false)
})

test('an answer whose end cannot be known is refused', () => {
  assert.throws(
    () => readAll([Buffer.from('HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\nhello')]),
    /without length/,
  )
})

test('an unchanged answer ends with its head', () => {
  const unchanged = Buffer.from('HTTP/1.1 304 Not Modified\r\netag: "a"\r\n\r\n')
  const { statuses, bodies } = readAll([unchanged, CHAT_ANSWER])
  assert.deepEqual(statuses, [304, 200])
  assert.equal(bodies[0], '')
})
