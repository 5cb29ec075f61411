import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { cleanEnvironment } from '../harness/clean-environment.ts'

export type ServerKind = 'modern' | 'sessions' | 'stateless' | 'old'

/** The file of the server for tests, to be started as a program. */
export const everythingServer = fileURLToPath(new URL('./everything-server.mjs', import.meta.url))

/** A tool server in a process of its own. */
export interface ToolServer {
  readonly url: string
  readonly child: ChildProcess
  stop(): void
}

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

export function startToolServer(
  kind: ServerKind,
  env: Readonly<Record<string, string>> = {},
): Promise<ToolServer> {
  const child = spawn(process.execPath, [everythingServer, kind], {
    env: cleanEnvironment(env),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  running.add(child)
  child.once('close', () => running.delete(child))
  return new Promise((resolve, reject) => {
    child.once('close', (code) => reject(new Error(`the tool server ended with ${code}`)))
    child.stdout.once('data', (chunk: Buffer) => {
      const url = `http://127.0.0.1:${chunk.toString().trim()}/mcp`
      resolve({ url, child, stop: () => void child.kill('SIGKILL') })
    })
  })
}
