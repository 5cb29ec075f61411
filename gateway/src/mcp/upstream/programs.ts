import { aliasOf, type McpServer } from '../server.ts'
import { confineProgram, type ProgramHost } from './confine-program.ts'
import type { UpstreamIdentity } from './credentials.ts'
import { fillVariables } from './header-variables.ts'
import { type ProgramExit, StdioTransport } from './stdio-transport.ts'
import { type FailureKind, UpstreamFailure } from './upstream-failure.ts'

const windowMs = 300_000
const maxRestarts = 5
/** The first restart is at once, the second after this, and each one more after twice as long. */
const firstDelayMs = 1_000
/** Clients whose headers or sessions differ have processes of their own; there is an end to them. */
const maxProcesses = 100

export type ProgramEvent =
  | { readonly kind: 'start' }
  | { readonly kind: 'exit'; readonly exit: ProgramExit }
  | { readonly kind: 'refuse'; readonly reason: string }

export interface ProgramsOptions {
  /** Whether a program that is not of the operator's file may run; asked at every start. */
  readonly isAllowed: (settings: McpServer['settings']) => boolean
  readonly host: ProgramHost
  readonly onStderr: (server: McpServer, text: string) => void
  readonly onEvent: (server: McpServer, event: ProgramEvent) => void
  /** Epoch milliseconds. */
  readonly now: () => number
}

/** The processes of one server. */
interface Processes {
  running: number
  /** When processes of each account ended of themselves; what is older than the window is forgotten. */
  readonly crashes: Map<string, number[]>
  /** What was refused last; the same refusal is told once. */
  told: string
}

/** Starts the programs that are tool servers. Those that keep ending of themselves are started less and less often. */
export class Programs {
  readonly #options: ProgramsOptions
  /** A server that is defined anew begins anew. */
  readonly #processes = new WeakMap<McpServer, Processes>()

  constructor(options: ProgramsOptions) {
    this.#options = options
  }

  /** Not started yet. Errors: an `UpstreamFailure` when the program may not be started now. */
  open(server: McpServer, identity: UpstreamIdentity): StdioTransport {
    const { command, cwd, env, extraHeaders, runsAs } = server.settings
    if (command === null) throw new UpstreamFailure('blocked', 'There is no program to start.')
    const { onStderr, onEvent, now, host } = this.#options
    const processes = this.#processes.get(server) ?? { running: 0, crashes: new Map(), told: '' }
    this.#processes.set(server, processes)
    this.#requireStartable(server, processes, identity.key)
    const confined = confineProgram({ ...server.settings, command }, host)
    if ('problem' in confined) this.#refuse(server, processes, 'blocked', confined.problem)
    processes.told = ''
    let isRunning = false
    const variables = fillVariables(env, extraHeaders, identity.headers)
    return new StdioTransport(
      { ...confined, cwd, env: variables, runsAs },
      {
        onStart: () => {
          isRunning = true
          processes.running += 1
          onEvent(server, { kind: 'start' })
        },
        onStderr: (text) => onStderr(server, text),
        onExit: (exit) => {
          if (isRunning) processes.running -= 1
          if (!exit.isWanted) {
            const crashes = [...(processes.crashes.get(identity.key) ?? []), now()]
            processes.crashes.set(identity.key, crashes)
          }
          onEvent(server, { kind: 'exit', exit })
        },
      },
    )
  }

  #requireStartable(server: McpServer, processes: Processes, account: string): void {
    if (server.source !== 'config' && !this.#options.isAllowed(server.settings))
      this.#refuse(server, processes, 'blocked', 'is not among the programs that may run')
    if (processes.running >= maxProcesses)
      this.#refuse(server, processes, 'busy', `runs ${maxProcesses} times already`)
    const now = this.#options.now()
    for (const [key, times] of processes.crashes) {
      const recent = times.filter((at) => now - at < windowMs)
      if (recent.length === 0) processes.crashes.delete(key)
      else processes.crashes.set(key, recent)
    }
    const crashes = processes.crashes.get(account) ?? []
    if (restartAt(crashes) > now)
      this.#refuse(server, processes, 'unreachable', `ended of itself, ${crashes.length} times in 5 minutes`)
  }

  #refuse(server: McpServer, processes: Processes, kind: FailureKind, reason: string): never {
    if (processes.told !== reason) this.#options.onEvent(server, { kind: 'refuse', reason })
    processes.told = reason
    throw new UpstreamFailure(kind, `${aliasOf(server)} ${reason}.`)
  }
}

/** When a program that ended of itself at these times may run again, in epoch milliseconds. */
function restartAt(crashes: readonly number[]): number {
  const last = crashes.at(-1)
  if (last === undefined || crashes.length === 1) return 0
  // One restart more is allowed when one of the last five leaves the window.
  const restarts = crashes.at(-maxRestarts - 1)
  if (restarts !== undefined) return restarts + windowMs
  return last + firstDelayMs * 2 ** (crashes.length - 2)
}
