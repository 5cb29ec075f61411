import { expect, it } from 'vitest'
import { Pieces } from './pieces.ts'

it('are one body without a copy until somebody wants it joined', () => {
  const long = Buffer.alloc(20_000, 'x')
  const pieces = new Pieces([Buffer.from('<'), long, Buffer.from('>')])
  expect(pieces.pieces[1]).toBe(long)
  expect(pieces.length).toBe(20_002)
  expect(pieces.join().toString()).toBe(`<${'x'.repeat(20_000)}>`)
  expect(pieces.toString('latin1')).toHaveLength(20_002)
})
