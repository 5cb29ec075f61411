import { type ChildProcess, spawn } from 'node:child_process'
import { chownSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type JSONRPCMessage,
  ReadBuffer,
  serializeMessage,
  type Transport,
} from '@modelcontextprotocol/client'
import type { McpServerSettings } from '../../config/config.ts'
import { searchPath } from './program-path.ts'

const maxLineBytes = 4 * 1_048_576
const graceMs = 5_000
const maxLoggedBytes = 65_536
/** What a program writes is for its user alone. */
const ownFiles = 0o077

export interface StdioProgram {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string | null
  /** Null for the user of the gateway. */
  readonly runsAs: McpServerSettings['runsAs']
  readonly env: Readonly<Record<string, string>>
}

/** How a program ended. */
export interface ProgramExit {
  /** The gateway ended it. */
  readonly isWanted: boolean
  /** Its exit code, the signal, or why it could not be started. */
  readonly reason: string
}

export interface ProgramListener {
  onStart(): void
  onStderr(text: string): void
  onExit(exit: ProgramExit): void
}

/**
 * A tool server that is a program, spoken to over its standard streams. It is started without a shell, in a process group
 * and folders of its own, and with an environment that holds nothing of the gateway's.
 */
export class StdioTransport implements Transport {
  onclose?: () => void
  onerror?: (error: Error) => void
  onmessage?: Transport['onmessage']
  readonly #program: StdioProgram
  readonly #listener: ProgramListener
  readonly #buffer = new ReadBuffer({ maxBufferSize: maxLineBytes })
  #child: ChildProcess | null = null
  #home: string | null = null
  #logged = 0
  #isClosing = false

  constructor(program: StdioProgram, listener: ProgramListener) {
    this.#program = program
    this.#listener = listener
  }

  start(): Promise<void> {
    const { command, args, cwd, env, runsAs } = this.#program
    const home = mkdtempSync(join(tmpdir(), 'routeiq-mcp-'))
    this.#home = home
    if (runsAs !== null) chownSync(home, runsAs.uid, runsAs.gid)
    return new Promise((resolve, reject) => {
      const child = withOwnFiles(() =>
        spawn(command, [...args], {
          cwd: cwd ?? home,
          env: { PATH: searchPath, HOME: home, TMPDIR: home, LANG: 'C.UTF-8', ...env },
          stdio: ['pipe', 'pipe', 'pipe'],
          ...runsAs,
          shell: false,
          detached: true,
          windowsHide: true,
        }),
      )
      this.#child = child
      child.once('spawn', () => {
        this.#listener.onStart()
        resolve()
      })
      child.once('error', (error: NodeJS.ErrnoException) => {
        this.#end(error.code ?? 'unknown')
        reject(new Error(`the program could not be started (${error.code ?? 'unknown'})`))
      })
      child.once('close', (code, signal) => this.#end(signal ?? `code ${code}`))
      child.stdin?.on('error', () => {})
      child.stdout?.on('data', (chunk: Buffer) => this.#read(chunk))
      child.stderr?.on('data', (chunk: Buffer) => this.#log(chunk))
    })
  }

  send(message: JSONRPCMessage): Promise<void> {
    const stdin = this.#child?.stdin
    if (stdin === null || stdin === undefined) return Promise.reject(new Error('the program has ended'))
    return new Promise((resolve) => {
      if (stdin.write(serializeMessage(message))) resolve()
      else stdin.once('drain', resolve)
    })
  }

  async close(): Promise<void> {
    const child = this.#child
    if (child === null) return
    this.#isClosing = true
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
    child.stdin?.end()
    this.#signal('SIGTERM')
    const deadline = setTimeout(() => this.#signal('SIGKILL'), graceMs)
    await closed
    clearTimeout(deadline)
  }

  #read(chunk: Buffer): void {
    try {
      this.#buffer.append(chunk)
      let isAfterOthers = false
      for (let message = this.#buffer.readMessage(); message !== null; message = this.#buffer.readMessage()) {
        const isAnswer = 'result' in message || 'error' in message
        if (isAnswer && isAfterOthers) this.#deliverLater(message)
        else this.onmessage?.(message)
        isAfterOthers ||= !isAnswer
      }
    } catch (error) {
      this.onerror?.(error as Error)
      if (/buffer|size/i.test(String(error))) this.#signal('SIGKILL')
    }
  }

  /** An answer ends its call at once, progress is heard a little later: what came before the answer would be lost. */
  #deliverLater(message: JSONRPCMessage): void {
    setImmediate(() => this.onmessage?.(message))
  }

  /** What the program says of itself, a bounded part of it. */
  #log(chunk: Buffer): void {
    if (this.#logged > maxLoggedBytes) return
    this.#logged += chunk.length
    this.#listener.onStderr(chunk.toString('utf8').slice(0, 2_048))
  }

  /** To the whole group: what the program started ends with it. */
  #signal(signal: NodeJS.Signals): void {
    const pid = this.#child?.pid
    if (pid === undefined) return
    try {
      globalThis.process.kill(-pid, signal)
    } catch {
      // It has ended.
    }
  }

  #end(reason: string): void {
    if (this.#child === null) return
    this.#signal('SIGKILL')
    this.#child = null
    if (this.#home !== null) rmSync(this.#home, { recursive: true, force: true })
    this.#listener.onExit({ isWanted: this.#isClosing, reason })
    this.onclose?.()
  }
}

/** A process has the mask of who starts it, who has it back when the start is over. */
function withOwnFiles<Result>(start: () => Result): Result {
  const before = process.umask(ownFiles)
  try {
    return start()
  } finally {
    process.umask(before)
  }
}
