import { type ChildProcess, spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { cleanEnvironment } from './clean-environment.ts'

const program = fileURLToPath(new URL('../../bin/routeiq.js', import.meta.url))

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A started product process and what it has written so far. */
export interface Product {
  readonly child: ChildProcess
  readonly exited: Promise<Exit>
  stdout(): string
  stderr(): string
  /** Whether it has told its address: every worker listens. */
  announced(): boolean
}

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Starts the built product with `argv` and an otherwise clean environment. */
export function runProduct(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd = tmpdir(),
): Product {
  const child = spawn(process.execPath, [program, ...argv], {
    cwd,
    env: cleanEnvironment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text
  })
  const exited = new Promise<Exit>((resolve) => {
    child.once('close', (code, signal) => {
      running.delete(child)
      resolve({ code, signal })
    })
  })
  return {
    child,
    exited,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    announced: () => (output.stdout + output.stderr).includes('is ready on'),
  }
}
