import { expect, it } from 'vitest'
import { compose, Pieces } from './pieces.ts'

it('copies a small body into one buffer and leaves a large one in pieces', () => {
  const small = compose([Buffer.from('{"a":'), Buffer.from('1}')])
  expect(small).toBeInstanceOf(Buffer)
  expect(small.toString('utf8')).toBe('{"a":1}')
  const long = Buffer.alloc(20_000, 'x')
  const large = compose([Buffer.from('<'), long, Buffer.from('>')])
  if (!(large instanceof Pieces)) throw new Error('joined')
  expect(large.pieces[1]).toBe(long)
  expect(large.length).toBe(20_002)
  expect(large.join().toString()).toBe(`<${'x'.repeat(20_000)}>`)
})
