import { describe, expect, it } from 'vitest'
import { findMarkProblem, formatParamHeaders } from './param-headers.ts'

const marked = (properties: Record<string, object>): object => ({ type: 'object', properties })

describe('marks of arguments that travel as headers', () => {
  it.each([
    ['no schema', null],
    ['no marks', marked({ a: { type: 'object' } })],
    [
      'strings, integers and booleans',
      marked({
        a: { type: 'string', 'x-mcp-header': 'A' },
        b: { type: 'integer', 'x-mcp-header': 'B' },
        c: { type: 'object', properties: { d: { type: 'boolean', 'x-mcp-header': 'D' } } },
      }),
    ],
  ])('are fine: %s', (_, schema) => {
    expect(findMarkProblem(schema)).toBeNull()
  })

  it.each([
    ['an empty name', { a: { type: 'string', 'x-mcp-header': '' } }],
    ['a name with a space', { a: { type: 'string', 'x-mcp-header': 'My Region' } }],
    ['a name with a colon', { a: { type: 'string', 'x-mcp-header': 'Region:Primary' } }],
    ['a name with a control character', { a: { type: 'string', 'x-mcp-header': 'Region\t1' } }],
    ['a name that is not ASCII', { a: { type: 'string', 'x-mcp-header': 'Région' } }],
    ['a name that is no text', { a: { type: 'string', 'x-mcp-header': 1 } }],
    ['a number', { a: { type: 'number', 'x-mcp-header': 'A' } }],
    ['an object', { a: { type: 'object', 'x-mcp-header': 'A' } }],
    ['an argument without a type', { a: { 'x-mcp-header': 'A' } }],
    [
      'one name twice',
      { a: { type: 'string', 'x-mcp-header': 'A' }, b: { type: 'string', 'x-mcp-header': 'a' } },
    ],
    ['something deeper', { a: { type: 'object', properties: { b: { type: 'null', 'x-mcp-header': 'A' } } } }],
  ])('are refused: %s', (_, properties) => {
    expect(findMarkProblem(marked(properties))).toMatch(/x-mcp-header/)
  })

  it('become headers for what is there', () => {
    const schema = marked({
      region: { type: 'string', 'x-mcp-header': 'Region' },
      size: { type: 'integer', 'x-mcp-header': 'Size' },
      left: { type: 'string', 'x-mcp-header': 'Left' },
    })
    expect(formatParamHeaders(schema, { region: ' süd', size: 3, left: null })).toEqual({
      'Mcp-Param-Region': `=?base64?${Buffer.from(' süd').toString('base64')}?=`,
      'Mcp-Param-Size': '3',
    })
  })
})
