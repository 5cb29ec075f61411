import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { FunctionEntry } from './function-module.ts'
import type { Launch } from './isolation.ts'
import { measureTree } from './measure-tree.ts'

/** What came of a call, before it has become an answer or an error. */
export type CallOutcome = { readonly logs: string } & (
  | { readonly kind: 'answer'; readonly text: string }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'exceeded'; readonly what: 'memory' | 'output' | 'processes' }
  | { readonly kind: 'died'; readonly message: string }
)

const largestAnswer = 1_048_576
/** What a module may print in all; only the end of it is kept. */
const largestOutput = 8 * 1_048_576
const keptLogs = 16_384
const mostProcesses = 16
const watchEveryMs = 100
const graceMs = 1000
/** Ends the answer, which is one line of JSON: the end of the pipe comes only with that of every process that has it. */
const lineEnd = 0x0a

/**
 * One child that waits for one request, in a process group and an empty folder of its own. It has loaded nothing but
 * its runtime until `run`, and everything it started or wrote is gone after it.
 */
export class IsolatedProcess {
  readonly directory: string
  readonly #child: ChildProcess
  readonly #exited: Promise<void>
  #onAnswer: () => void = () => undefined
  readonly #logs: Buffer[] = []
  #printed = 0
  #answer: Buffer[] = []
  #answerLength = 0
  #failure: CallOutcome['kind'] | 'memory' | 'output' | 'processes' | null = null
  #spawnError = ''

  /** `launchIn` says how to start it in its folder; null when the language is not installed. */
  static start(
    launchIn: (directory: string) => Launch | null,
    env: Readonly<Record<string, string>>,
  ): IsolatedProcess | null {
    const directory = realpathSync(mkdtempSync(join(tmpdir(), 'routeiq-skill-')))
    const launch = launchIn(directory)
    if (launch !== null) return new IsolatedProcess(launch.command, launch.argv, directory, env)
    rmSync(directory, { recursive: true, force: true })
    return null
  }

  private constructor(
    command: string,
    argv: readonly string[],
    directory: string,
    env: Readonly<Record<string, string>>,
  ) {
    this.directory = directory
    this.#child = spawn(command, argv, {
      cwd: directory,
      detached: true,
      env: { ...env, HOME: directory, TMPDIR: directory },
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    })
    this.#exited = new Promise((resolve) => {
      this.#child.once('error', (error) => {
        this.#spawnError = error.message
        resolve()
      })
      this.#child.once('close', () => resolve())
    })
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (chunk: Buffer) => this.#keepLog(chunk))
    ;(this.#child.stdio[3] as Readable).on('data', (chunk: Buffer) => this.#keepAnswer(chunk))
    this.#child.stdin?.on('error', () => undefined)
    // A child that nobody has called yet does not keep the gateway from ending.
    this.#child.unref()
  }

  /**
   * Hands the request over and waits for the answer, at most `timeoutMs` and a second. The process may still be ending
   * then: `end` waits for that. With `withLogs` it has ended, so that nothing it printed is missing.
   */
  async run(
    request: object,
    { timeoutMs, memoryMb }: Pick<FunctionEntry, 'timeoutMs' | 'memoryMb'>,
    withLogs: boolean,
  ): Promise<CallOutcome> {
    const watch = setInterval(() => this.#watch(memoryMb * 1_048_576), watchEveryMs)
    const deadline = setTimeout(() => this.#stop('timeout'), timeoutMs)
    const answered = new Promise<void>((resolve) => {
      this.#onAnswer = resolve
    })
    this.#child.stdin?.end(JSON.stringify(request))
    await (withLogs ? this.#exited : Promise.race([answered, this.#exited]))
    clearInterval(watch)
    clearTimeout(deadline)
    return this.#outcome()
  }

  /** Ends a child that is not needed any more, with all it has started and written. */
  async end(): Promise<void> {
    this.#kill('SIGKILL')
    await this.#exited
    this.#discard()
  }

  #outcome(): CallOutcome {
    const logs = Buffer.concat(this.#logs).subarray(-keptLogs).toString('utf8')
    if (this.#failure === 'timeout') return { kind: 'timeout', logs }
    if (this.#failure === 'memory' || this.#failure === 'output' || this.#failure === 'processes')
      return { kind: 'exceeded', what: this.#failure, logs }
    const text = Buffer.concat(this.#answer).toString('utf8')
    // A document without its line end was cut off.
    if (text.endsWith('\n')) return { kind: 'answer', text, logs }
    const { exitCode, signalCode } = this.#child
    if (signalCode === 'SIGXCPU') return { kind: 'timeout', logs }
    // V8 ends the process when its heap is full.
    if (/heap out of memory/.test(logs)) return { kind: 'exceeded', what: 'memory', logs }
    return {
      kind: 'died',
      message: this.#spawnError || `it ended with ${signalCode ?? exitCode} and without an answer`,
      logs,
    }
  }

  #watch(memoryBytes: number): void {
    const { residentBytes, processes } = measureTree(this.#child.pid ?? 0)
    if (residentBytes > memoryBytes) this.#stop('memory')
    else if (processes > mostProcesses) this.#stop('processes')
  }

  #keepLog(chunk: Buffer): void {
    this.#printed += chunk.length
    if (this.#printed > largestOutput) this.#stop('output')
    this.#logs.push(chunk.subarray(-keptLogs))
    if (this.#logs.length > 64)
      this.#logs.splice(0, this.#logs.length, Buffer.concat(this.#logs).subarray(-keptLogs))
  }

  #keepAnswer(chunk: Buffer): void {
    this.#answerLength += chunk.length
    if (this.#answerLength > largestAnswer) {
      this.#answer = []
      this.#stop('output')
      return
    }
    this.#answer.push(chunk)
    if (chunk.at(-1) === lineEnd) this.#onAnswer()
  }

  #stop(failure: 'timeout' | 'memory' | 'output' | 'processes'): void {
    if (this.#failure !== null) return
    this.#failure = failure
    // Only who ran out of time may still tidy up.
    this.#kill(failure === 'timeout' ? 'SIGTERM' : 'SIGKILL')
    setTimeout(() => this.#kill('SIGKILL'), graceMs).unref()
  }

  /** Ends the whole group: what the module started belongs to it. */
  #kill(signal: NodeJS.Signals): void {
    const { pid } = this.#child
    if (pid === undefined) return
    try {
      process.kill(-pid, signal)
    } catch {
      // Gone already.
    }
  }

  #discard(): void {
    this.#kill('SIGKILL')
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 2 })
  }
}
