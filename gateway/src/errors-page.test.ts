import { readFileSync, writeFileSync } from 'node:fs'
import { type ErrorEntry, errorCatalogue } from '@routeiq/contract'
import { describe, expect, it } from 'vitest'

const page = new URL('../../docs/errors.md', import.meta.url)
const opening = '<!-- errors: generated, do not edit by hand -->\n'
const closing = '\n<!-- end of errors -->'
const entries: [string, ErrorEntry][] = Object.entries(errorCatalogue)

function formatTable(): string {
  const head =
    '| Code | Status | `error.type` | `error.code` | Whose fault | Same request again | Meaning |\n|---|---|---|---|---|---|---|'
  const rows = entries.map(([code, { status, type, wireCode, fault, retryable, summary }]) => {
    const again = retryable ? 'may succeed' : 'fails again'
    return `| \`${code}\` | ${status} | \`${type}\` | \`${wireCode}\` | ${fault} | ${again} | ${summary} |`
  })
  return [head, ...rows].join('\n')
}

function replaceTable(text: string): string {
  const start = text.indexOf(opening)
  const end = text.indexOf(closing)
  if (start < 0 || end < start) throw new Error('docs/errors.md has lost its markers')
  return `${text.slice(0, start + opening.length)}\n${formatTable()}\n${text.slice(end)}`
}

describe('docs/errors.md', () => {
  it('has the catalogue as its table; UPDATE_DOCS=1 rewrites it', () => {
    const text = readFileSync(page, 'utf8')
    const expected = replaceTable(text)
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(page, expected)
    else expect(text).toBe(expected)
  })
})
