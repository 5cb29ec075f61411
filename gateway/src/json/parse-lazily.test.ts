import { describe, expect, it } from 'vitest'
import { scanObject } from './object-members.ts'
import { holdsArray, parseLazily } from './parse-lazily.ts'

const long = (text = 'é"\\'): string => JSON.stringify(Array.from({ length: 5_000 }, () => text))

function parse(text: string) {
  const bytes = Buffer.from(text)
  const object = scanObject(bytes)
  if (object === null) throw new Error('no object')
  return parseLazily(bytes, object, JSON.parse)
}

const isBuilt = (record: object, name: string): boolean =>
  Object.getOwnPropertyDescriptor(record, name)?.get === undefined

describe('parseLazily', () => {
  it.each([
    ['short', '{"a":[1],"b":{"c":null}}'],
    ['a long array first', `{"m":${long()},"model":"x"}`],
    ['a long array last', `{"model":"x" , "m" : ${long()} }`],
    ['two long arrays', `{"m":${long()},"model":"é","n":${long('x')},"z":1}`],
    ['a long array twice', `{"m":${long()},"m":${long('x')}}`],
    ['a long array and then a short one', `{"m":${long()},"m":[1]}`],
    ['a long object', `{"o":{"m":${long()}},"a":1}`],
    ['a long string', `{"s":${JSON.stringify('x'.repeat(50_000))}}`],
    ['names of the prototype', `{"__proto__":${long()},"constructor":${long()},"toString":1}`],
  ])('gives what JSON.parse gives: %s', (_, text) => {
    expect({ ...parse(text) }).toEqual({ ...JSON.parse(text) })
    expect(JSON.stringify(parse(text))).toBe(JSON.stringify(JSON.parse(text)))
    expect(Object.keys(parse(text))).toEqual(Object.keys(JSON.parse(text)))
  })

  it('builds a long array once, when it is asked for', () => {
    const record = parse(`{"m":${long()},"model":"x"}`)
    expect([record['model'], holdsArray(record, 'm'), isBuilt(record, 'm')]).toEqual(['x', true, false])
    expect(record['m']).toBe(record['m'])
    expect([holdsArray(record, 'm'), isBuilt(record, 'm')]).toEqual([true, true])
  })

  it('tells arrays from what is none', () => {
    const record = parse('{"a":[],"b":{},"c":null,"d":"[]"}')
    expect(['a', 'b', 'c', 'd', 'e'].filter((name) => holdsArray(record, name))).toEqual(['a'])
  })

  it('finds what is wrong outside a long array at once and inside it when it is built', () => {
    expect(() => parse(`{"m":${long()},"x":NaN}`)).toThrow(SyntaxError)
    const record = parse(`{"m":${long().replace(']', ',NaN]')},"x":1}`)
    expect(() => record['m']).toThrow(SyntaxError)
  })
})
