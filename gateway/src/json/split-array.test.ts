import { expect, it } from 'vitest'
import { splitArray } from './split-array.ts'

it.each([
  ['[]', []],
  [' [ ] ', []],
  [
    '[1.0 , "a,]\\"" ,{"b": [1, {}], "c": "}"},\n[[]], null]',
    ['1.0', '"a,]\\""', '{"b": [1, {}], "c": "}"}', '[[]]', 'null'],
  ],
  ['{"a": []}', null],
  ['', null],
])('finds the items of %j', (text, items) => {
  expect(splitArray(text)).toEqual(items)
})
