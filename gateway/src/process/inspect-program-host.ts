import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ProgramHost } from '../mcp/upstream/confine-program.ts'
import { searchPath } from '../mcp/upstream/program-path.ts'

/** Looks for what holds programs to their limits. */
export function inspectProgramHost(): ProgramHost {
  const prlimit = searchPath
    .split(':')
    .map((folder) => join(folder, 'prlimit'))
    .find((path) => process.platform === 'linux' && existsSync(path))
  return { uid: process.getuid?.() ?? null, prlimit: prlimit ?? null }
}
