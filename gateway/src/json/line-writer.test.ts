import { expect, it } from 'vitest'
import { LineWriter } from './line-writer.ts'

const comma = 0x2c

it('writes text, octets and numbers one behind the other', () => {
  const writer = new LineWriter(64)
  writer.addText('["é👍",')
  writer.addOctets(Buffer.from('null,'))
  writer.addNumber(7, comma)
  writer.addOctet(0x5d)
  expect(writer.written.toString()).toBe('["é👍",null,7,]')
  writer.clear()
  writer.addText('x')
  expect(writer.written.toString()).toBe('x')
})

it('writes plain strings in quotes, and leaves others to whoever knows how', () => {
  const writer = new LineWriter(1)
  for (const text of ['', 'gpt-4o:a_b.c/d', 'x'.repeat(1_000)]) expect(writer.addPlain(text)).toBe(true)
  for (const text of ['"', 'a\\b', 'line\n', 'é', 'Ţ', '👍', '\0', 'x'.repeat(99) + '\u0141'])
    expect(writer.addPlain(text)).toBe(false)
  expect(writer.written.toString()).toBe(`"""gpt-4o:a_b.c/d""${'x'.repeat(1_000)}"`)
})

it('grows by what does not fit', () => {
  const writer = new LineWriter(1)
  const text = 'é'.repeat(1_000)
  writer.addText(text)
  for (let number = 0; number < 100; number += 1) writer.addNumber(number, comma)
  const numbers = Array.from({ length: 100 }, (_, number) => `${number},`)
  expect(writer.written.toString()).toBe(text + numbers.join(''))
})

it.each([
  ...Array.from({ length: 16 }, (_, digits) => [10 ** digits - 1, 10 ** digits, 10 ** digits + 1]).flat(),
  1_795_000_000_123,
  Number.MAX_SAFE_INTEGER,
  2 ** 60,
  -1,
  0.5,
  Number.NaN,
])('writes %d as JSON has it', (number) => {
  const writer = new LineWriter(8)
  writer.addNumber(number, comma)
  expect(writer.written.toString()).toBe(`${JSON.stringify(number)},`)
})
