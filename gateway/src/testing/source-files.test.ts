import { describe, expect, it } from 'vitest'
import { findImportCycle, readSourceFile } from './source-files.ts'

describe('readSourceFile', () => {
  it('finds every form of import and tells types from values', () => {
    const text = [
      "import './side-effect.ts'",
      "import { readFileSync } from 'node:fs'",
      "import type { Route } from '../http/router.ts'",
      "import { type Caller, maskKey } from './caller.ts'",
      "import {\n  type First,\n  type Second,\n} from './types.ts'",
      "import * as registry from '../providers/registry.ts'",
      "import cluster, { type Worker } from 'node:cluster'",
      "export { errors } from './errors.ts'",
      "export type Name = 'not-an-import'",
      "export const word = 'not-an-import'",
    ].join('\n')
    const { imports } = readSourceFile('identity/key.ts', text)
    expect(imports.map(({ specifier, file, typesOnly }) => [file ?? specifier, typesOnly])).toEqual([
      ['identity/side-effect.ts', false],
      ['node:fs', false],
      ['http/router.ts', true],
      ['identity/caller.ts', false],
      ['identity/types.ts', true],
      ['providers/registry.ts', false],
      ['node:cluster', false],
      ['identity/errors.ts', false],
    ])
  })

  it('keeps code and interpolations, and drops comments and text', () => {
    const text = [
      "/* fetch( */ const a = 'fetch(' // fetch(",
      `const b = \`fetch( \${process.pid} it's\``,
      'fetch(a)',
    ].join('\n')
    const { code } = readSourceFile('a.ts', text)
    expect(code.match(/fetch\(/g)).toHaveLength(1)
    expect(code).toContain('process.pid')
  })

  it('takes a file of the root as an area of its own', () => {
    expect(readSourceFile('main.ts', '').area).toBe('main.ts')
    expect(readSourceFile('http/deep/router.ts', '').area).toBe('http')
  })
})

describe('findImportCycle', () => {
  const file = (path: string, ...targets: string[]) =>
    readSourceFile(path, targets.map((target) => `import '${target}'`).join('\n'))

  it('returns the way round', () => {
    const files = [
      file('start.ts', './a.ts'),
      file('a.ts', './b.ts'),
      file('b.ts', './c.ts'),
      file('c.ts', './a.ts'),
    ]
    expect(findImportCycle(files)).toEqual(['a.ts', 'b.ts', 'c.ts', 'a.ts'])
  })

  it('accepts a file reached in two ways', () => {
    expect(
      findImportCycle([file('a.ts', './b.ts', './c.ts'), file('b.ts', './c.ts'), file('c.ts')]),
    ).toBeNull()
  })
})
