import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Something the gateway sent, and the type of the client's own package that it must have. */
export interface Emitted {
  /** Where it comes from, for the error. */
  readonly what: string
  /** A type expression over `imports`. */
  readonly type: string
  readonly value: unknown
}

const modules = fileURLToPath(new URL('../../../node_modules', import.meta.url))
const options = {
  compilerOptions: {
    target: 'es2023',
    module: 'nodenext',
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
  },
  include: ['emitted.ts'],
}

/**
 * What the TypeScript compiler finds wrong: every value is written down as a literal of its type, so a member that
 * is missing, unknown or of another type is an error. Empty when nothing is wrong.
 */
export async function typeErrors(imports: string, emitted: readonly Emitted[]): Promise<string[]> {
  const directory = mkdtempSync(join(tmpdir(), 'routeiq-types-'))
  try {
    symlinkSync(modules, join(directory, 'node_modules'))
    writeFileSync(join(directory, 'package.json'), '{"type":"module"}')
    writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(options))
    const head = imports.replaceAll('\n', ' ')
    const lines = emitted.map(
      ({ type, value }, index) => `export const value${index}: ${type} = ${JSON.stringify(value)}`,
    )
    writeFileSync(join(directory, 'emitted.ts'), [head, ...lines, ''].join('\n'))
    return describeErrors(await runCompiler(directory), emitted)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function runCompiler(directory: string): Promise<string> {
  const compiler = join(modules, 'typescript/bin/tsc')
  return new Promise((resolve) => {
    execFile(process.execPath, [compiler, '-p', directory, '--pretty', 'false'], (_error, stdout, stderr) => {
      resolve(stdout + stderr)
    })
  })
}

/**
 * Errors of the compiler begin with `…/emitted.ts(line,column)`; what follows indented explains them. Of those that
 * hundreds of events share, the first is shown.
 */
function describeErrors(output: string, emitted: readonly Emitted[]): string[] {
  const found = new Map<string, string>()
  for (const text of output.split(/\n(?=\S)/).filter((part) => part.trim() !== '')) {
    const [, line, error = text] = /^\S*emitted\.ts\((\d+),\d+\): (.*)$/s.exec(text) ?? []
    const value = line === undefined ? undefined : emitted[Number(line) - 2]
    const shown = value === undefined ? text : `${value.what}: ${error}\n${JSON.stringify(value.value)}`
    if (!found.has(error)) found.set(error, shown)
  }
  return [...found.values()]
}
