import { describe, expect, it } from 'vitest'
import { editMembers } from './edit-members.ts'
import { scanObject } from './object-members.ts'

function edit(text: string, set: Record<string, unknown>, remove: string[] = []): string {
  const bytes = Buffer.from(text)
  const object = scanObject(bytes)
  if (object === null) throw new Error('not an object')
  const texts = new Map(Object.entries(set).map(([key, value]) => [key, JSON.stringify(value)]))
  return editMembers(bytes, object, { set: texts, remove: new Set(remove) }).toString()
}

describe('scanObject', () => {
  it('finds members whatever the white space, nesting and escapes', () => {
    const text = ' { "a" : "x\\"y" ,\n"b":{"model":[1,"]",{"c":"}"}]}, "mod\\u0065l": null, "é": 1e400 } '
    const bytes = Buffer.from(text)
    const object = scanObject(bytes)
    const found = object?.members.map((m) => [m.key, bytes.toString('utf8', m.valueStart, m.valueEnd)])
    expect(found).toEqual([
      ['a', '"x\\"y"'],
      ['b', '{"model":[1,"]",{"c":"}"}]}'],
      ['model', 'null'],
      ['é', '1e400'],
    ])
    expect(object?.depth).toBe(4)
  })

  it('agrees with JSON.parse on generated objects, long strings and trailing backslashes included', () => {
    for (let size = 0; size < 300; size += 1) {
      const value = {
        text: `${'x'.repeat(size)}\\${'"'.repeat(size % 5)}`,
        n: [size, { deep: '\\\\' }],
        model: 'm',
      }
      const bytes = Buffer.from(JSON.stringify(value, null, size % 3))
      const members = scanObject(bytes)?.members ?? []
      const rebuilt = Object.fromEntries(
        members.map((m) => [m.key, JSON.parse(bytes.toString('utf8', m.valueStart, m.valueEnd))]),
      )
      expect(rebuilt).toEqual(value)
    }
  })

  it.each([
    '',
    '[]',
    '{',
    '{"a"}',
    '{"a":}',
    '{"a":1',
    '{"a":"b}',
    '{"a":1}x',
    '{"a":1,}',
    '<html>',
    '{"a":[1}',
  ])('refuses %j', (text) => {
    expect(scanObject(Buffer.from(text))).toBeNull()
  })
})

describe('the limits of scanObject', () => {
  const scan = (value: unknown) => scanObject(Buffer.from(JSON.stringify(value)))?.overfull
  const object = (size: number) =>
    Object.fromEntries(Array.from({ length: size }, (_, index) => [`k${index}`, 1]))

  it.each([
    ['an array at the limit', { a: Array(100_000).fill(0) }, false],
    ['an array over it', { a: Array(100_001).fill(0) }, true],
    ['an object at the limit', { a: object(10_000) }, false],
    ['an object over it', { a: [object(10_001)] }, true],
    ['the outermost object over it', object(10_001), true],
    ['many small ones', { a: Array.from({ length: 60_000 }, () => ({ x: 1, y: [1, 2] })) }, false],
  ])('%s', (_, value, overfull) => {
    expect(scan(value)).toBe(overfull)
  })
})

describe('editMembers', () => {
  it('replaces one value and leaves every other byte', () => {
    expect(edit('{"n": 1.0, "model" : "alias" ,"seed":12345678901234567890}', { model: 'gpt' })).toBe(
      '{"n": 1.0, "model" : "gpt" ,"seed":12345678901234567890}',
    )
  })

  it('adds, sets and removes together', () => {
    expect(edit('{"a":1,"b":2,"c":3}', { c: 'C', d: true }, ['a'])).toBe('{"b":2,"c":"C","d":true}')
    expect(edit('{"a":1}', { b: 2 }, ['a'])).toBe('{"b":2}')
    expect(edit('{"a":1}', {}, ['a'])).toBe('{}')
    expect(edit('{}', { a: 1 })).toBe('{"a":1}')
  })

  it('leaves one value where a key was doubled, also when one spelling is escaped', () => {
    expect(edit('{"model":"a","x":1,"mod\\u0065l":"b"}', { model: 'up' })).toBe('{"model":"up","x":1}')
  })
})
