import { parseArgs } from 'node:util'
import { buildManifests } from './build-manifests.ts'

/** What the command reaches outside: only what it is handed. */
export interface Terminal {
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
}

const usage = `Usage: routeiq modules build PATH…

Writes skills.manifest.json beside the JavaScript and TypeScript modules below each path, with the types that the
TypeScript of your project (npm install -D typescript) finds in them. Run it again after a change: what a manifest
says of a file that has changed since does not count.
`

/** `routeiq modules build`. Resolves to the exit code: 0 fine, 1 failed, 2 wrong usage. */
export async function runModules(argv: readonly string[], { stdout, stderr }: Terminal): Promise<number> {
  const paths = readPaths(argv)
  if (paths === 'help') {
    stdout.write(usage)
    return 0
  }
  if (paths === null) {
    stderr.write(usage)
    return 2
  }
  try {
    for (const { file, functions } of await buildManifests(paths))
      stdout.write(`written: ${file} (${functions} functions)\n`)
    return 0
  } catch (error) {
    stderr.write(`routeiq modules: ${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  }
}

/** Null for what is no such command line. */
function readPaths(argv: readonly string[]): readonly string[] | 'help' | null {
  try {
    const options = { help: { type: 'boolean', short: 'h' } } as const
    const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true })
    const [command, ...paths] = positionals
    if (values.help === true) return 'help'
    return command === 'build' && paths.length > 0 ? paths : null
  } catch {
    return null
  }
}
