import { describe, expect, it } from 'vitest'
import { collapseBlankLines, minifyJson } from './shorten-text.ts'

describe('white space of JSON', () => {
  it('goes, and everything else stays as it is written', () => {
    expect(minifyJson('\n{ "b" : [ 1.0, 1e400, -0 ],\t"a": "x  \\" y\\n", "b": "\\u00e9" }\n')).toBe(
      '{"b":[1.0,1e400,-0],"a":"x  \\" y\\n","b":"\\u00e9"}',
    )
  })

  it.each(['{ not json }', '[1, 2', '  12  ', '"  text  "', '', '# { }'])('stays in %j', (text) => {
    expect(minifyJson(text)).toBe(text)
  })

  it('goes from long texts, too', () => {
    const long = JSON.stringify([' "\\'.repeat(300_000), ' '.repeat(300_000)], null, 4)
    expect(JSON.parse(minifyJson(long))).toEqual(JSON.parse(long))
  })
})

describe('blank lines', () => {
  it.each([
    ['a\n\n\n\nb\n\nc\n \n\t\nd', 'a\n\nb\n\nc\n \nd'],
    ['a\r\n\r\n\r\nb', 'a\r\n\r\nb'],
    ['a\n\n\n```js\nx\n\n\n\ny\n```\n\n\nb\n\n\nc', 'a\n\n\n```js\nx\n\n\n\ny\n```\n\n\nb\n\nc'],
  ])('in %j become %j', (text, expected) => {
    expect(collapseBlankLines(text)).toBe(expected)
  })

  it.each([
    ['code', '```\na\n\n\nb\n```'],
    ['code in another fence', '~~~~\n```\na\n\n\nb\n~~~\nc\n\n\nd\n~~~~'],
    ['code that does not end', '```\na\n\n\nb'],
    ['code that is indented', 'def f():\n    a\n\n\n    b\n\n\ndef g(): pass'],
    ['a text in three quotes', '"""\na\n\n\nb\n"""'],
    ['a quotation', '> a\n\n\n> b'],
    ['YAML', 'a: 1\n\n\nb:\n  - c\n\n\nd: 2'],
    ['a block of YAML', 'say: |\n  x\n\n\n\n  y\nand so on\n\n\nend'],
    ['a document of YAML', '---\nx\n\n\n\ny\n'],
    ['a list', '- a\n\n\n- b'],
  ])('stay in %s', (_, text) => {
    expect(collapseBlankLines(text)).toBe(text)
  })

  it('of a megabyte take no time to speak of', () => {
    expect(collapseBlankLines('\n'.repeat(1_000_000))).toHaveLength(1_000_000)
    for (const piece of ['-', '- ', '"', 'a:', '`'])
      expect(collapseBlankLines(`a\n\n\nb${piece.repeat(500_000)}`).length).toBeGreaterThan(1)
    expect(collapseBlankLines(' \n'.repeat(500_000)).length).toBe(1_000_000)
  })
})
