import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')

function runtimeDependencies(manifest: string): string[] {
  return Object.keys((JSON.parse(read(manifest)) as { dependencies?: object }).dependencies ?? {})
}

describe('docs/dependencies.md', () => {
  const rows = [...read('../../docs/dependencies.md').matchAll(/^- `([^`]+)`: (.+)$/gm)]

  it('has one line for each runtime dependency, in the order of the manifest', () => {
    expect(rows.map((row) => row[1])).toEqual(runtimeDependencies('../package.json'))
  })

  it('says why in a sentence', () => {
    for (const [, name, reason] of rows) expect(reason, name).toMatch(/^[A-Z].{20,}\.$/)
  })

  it('covers what the contract needs as well', () => {
    const listed = new Set(rows.map((row) => row[1]))
    expect(runtimeDependencies('../../contract/package.json').filter((name) => !listed.has(name))).toEqual([])
  })
})
