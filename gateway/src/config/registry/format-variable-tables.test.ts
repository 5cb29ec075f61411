import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { loadText } from '../load-for-test.ts'
import { formatVariableTables } from './format-variable-tables.ts'

const page = new URL('../../../../docs/configuration.md', import.meta.url)
const opening = '<!-- variables: generated, do not edit by hand -->\n'
const closing = '\n<!-- end of variables -->'

function replaceTables(text: string): string {
  const start = text.indexOf(opening)
  const end = text.indexOf(closing)
  if (start < 0 || end < start) throw new Error('docs/configuration.md has lost its markers')
  return `${text.slice(0, start + opening.length)}\n${formatVariableTables()}\n${text.slice(end)}`
}

describe('docs/configuration.md', () => {
  it('has the tables of the registry; UPDATE_DOCS=1 rewrites them', () => {
    const text = readFileSync(page, 'utf8')
    const expected = replaceTables(text)
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(page, expected)
    else expect(text).toBe(expected)
  })

  it('has only examples that load without findings', () => {
    const text = readFileSync(page, 'utf8')
    const examples = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1] ?? '')
    expect(examples.length).toBeGreaterThan(4)
    const env = {
      OPENAI_API_KEY: 'sk-o',
      ANTHROPIC_API_KEY: 'sk-a',
      LITELLM_MASTER_KEY: `sk-${'m'.repeat(40)}`,
    }
    for (const example of examples) {
      const withoutIncludes = example.replace(/^include: .*$/m, '')
      expect(loadText(withoutIncludes, env).diagnostics, example).toEqual([])
    }
  })
})
