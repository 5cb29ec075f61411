import { describe, expect, it } from 'vitest'
import { removePath } from './remove-path.ts'

describe('removePath', () => {
  const body = { a: { b: 1, c: 2 }, tools: [{ strict: true, name: 'x' }, { name: 'y' }], list: [1, 2, 3] }

  it.each([
    ['a.b', { ...body, a: { c: 2 } }],
    ['a', { tools: body.tools, list: body.list }],
    ['tools[*].strict', { ...body, tools: [{ name: 'x' }, { name: 'y' }] }],
    ['tools[1].name', { ...body, tools: [body.tools[0], {}] }],
    ['list[0]', { ...body, list: [2, 3] }],
  ])('removes %s', (path, expected) => {
    expect(removePath(body, path)).toEqual(expected)
  })

  it.each(['nothing', 'a.nothing.deeper', 'list.b', 'a[0]', 'tools[7].name', ''])(
    'leaves the object itself alone for %j',
    (path) => {
      expect(removePath(body, path)).toBe(body)
    },
  )
})
