import { describe, expect, it } from 'vitest'
import { MalformedMessage } from '../../http1/malformed-message.ts'
import { HeadMemory } from './head-memory.ts'
import { parseRequestHead } from './parse-request-head.ts'

const head = (...lines: string[]): string =>
  `${['POST /v1/x HTTP/1.1', 'host: a', ...lines].join('\r\n')}\r\n\r\n`

/** As a connection reads it, with octets around it. */
function read(memory: HeadMemory, text: string): ReturnType<typeof parseRequestHead> {
  const found = memory.recognise(Buffer.from(`before${text}{"body":1}`, 'latin1'), 6) ?? memory.learn(text)
  expect(memory.size).toBe(text.length)
  return found
}

/** What a reader without memory makes of it. */
function expectSame(read: ReturnType<typeof parseRequestHead>, text: string): void {
  const { lengthStart: _, lengthEnd: __, ...expected } = parseRequestHead(text)
  expect(read).toMatchObject(expected)
  expect(Object.entries(read.headers)).toEqual(Object.entries(expected.headers))
}

const texts = [
  head(),
  head('content-length: 0'),
  head('content-length: 1'),
  head('content-length: 12', 'x-a: 1'),
  head('content-length: 999999999999999', 'x-a: 1'),
  head('content-length: 13', 'x-a: 2'),
  head('x-a: 1', 'content-length:  7  '),
  head('x-a: 1', 'content-length: 7'),
  head('x-a: 7', 'content-length: 7'),
  head('transfer-encoding: chunked'),
  head('x-a: content-length: 5'),
]

it('reads every head like a reader without memory, whatever came before', () => {
  for (const first of texts) {
    for (const second of texts) {
      const memory = new HeadMemory()
      expectSame(read(memory, first), first)
      expectSame(read(memory, second), second)
      expectSame(read(memory, second), second)
    }
  }
})

it('gives the same object for the same head', () => {
  const memory = new HeadMemory()
  expect(read(memory, head('content-length: 5'))).toBe(read(memory, head('content-length: 5')))
})

it('recognises no head that is cut', () => {
  for (const text of texts) {
    const memory = new HeadMemory()
    memory.learn(text)
    for (let length = 0; length < text.length; length += 1)
      expect(memory.recognise(Buffer.from(text.slice(0, length)), 0)).toBeNull()
  }
})

describe('what stands in the place of the length', () => {
  it.each([
    '',
    '-1',
    '+1',
    '1 1',
    '0x1',
    '1, 1',
    '1234567890123456',
    '1\r\ncontent-length: 2',
    '1\r\ntransfer-encoding: chunked',
  ])('is checked as at first: %j', (length) => {
    const memory = new HeadMemory()
    read(memory, head('content-length: 5', 'x-a: 1'))
    expect(() => read(memory, head(`content-length: ${length}`, 'x-a: 1'))).toThrow(MalformedMessage)
  })
})
