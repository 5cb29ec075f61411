import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { GatewayError } from '@routeiq/contract'
import type { CodeOutcome, CodeRequest, CodeSandbox, MountedSkill } from '../../injection/code-sandbox.ts'
import type { CodeLanguage } from '../../injection/code-tool.ts'
import { type CallOutcome, IsolatedProcess } from '../functions/isolated-process.ts'
import { Places } from '../functions/places.ts'
import type { SkillStore, VersionText } from '../skill-store.ts'
import { findInterpreters, type Interpreter, launchSandbox } from './sandbox-host.ts'

export interface NamespaceSandboxDependencies {
  readonly node: string
  /** What programs see of the gateway's environment: `PATH`, `LANG`, `TZ`. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly readVersion: (
    workspaceId: string,
    skillId: string,
    selector: { readonly versionId: string },
  ) => Promise<VersionText | null>
  readonly readFiles: SkillStore['readFiles']
}

const memoryMb = 512
const places = { maxConcurrent: 4, maxQueued: 16 }
const trialMs = 10_000

/**
 * Runs programs in namespaces of Linux: a root of their own, no network, no capability, nothing of the gateway's. Where the
 * machine does not allow all of that it runs none.
 */
export class NamespaceSandbox implements CodeSandbox {
  readonly #deps: NamespaceSandboxDependencies
  readonly #places = new Places(places)
  #found: Promise<{
    readonly interpreters: ReadonlyMap<CodeLanguage, Interpreter>
    readonly refusal: string | null
  }> | null = null

  constructor(deps: NamespaceSandboxDependencies) {
    this.#deps = deps
  }

  async refuse(): Promise<string | null> {
    return (await this.#find()).refusal
  }

  /** What admins are told. */
  async report(): Promise<object> {
    const { interpreters, refusal } = await this.#find()
    if (refusal !== null) return { status: 'unavailable', problem: refusal }
    const isolation = { process: 'kernel', memory: 'kernel', network: 'kernel', files: 'kernel' }
    return {
      status: 'ready',
      languages: [...interpreters.entries()].map(([language, { limitsAddresses }]) => ({
        language,
        isolation: { ...isolation, memory: limitsAddresses ? 'kernel' : 'runtime' },
      })),
    }
  }

  async run(request: CodeRequest): Promise<CodeOutcome> {
    const { interpreters, refusal } = await this.#find()
    if (refusal !== null) throw new GatewayError('isolation_unavailable', refusal)
    const interpreter = interpreters.get(request.language)
    if (interpreter === undefined)
      throw new GatewayError('isolation_unavailable', `This machine has no ${request.language}.`)
    await this.#places.enter()
    try {
      return await this.#runIn(await mkdtemp(join(tmpdir(), 'routeiq-code-')), request, interpreter)
    } finally {
      this.#places.leave()
    }
  }

  async #runIn(folder: string, request: CodeRequest, interpreter: Interpreter): Promise<CodeOutcome> {
    try {
      // Whoever else is on this machine has no business here.
      await chmod(folder, 0o700)
      await mkdir(join(folder, 'skills'))
      for (const skill of request.skills) await this.#write(folder, request.workspaceId, skill)
      return await this.#execute(folder, request, interpreter)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }

  async #execute(
    folder: string,
    { code, timeoutMs, signal }: Pick<CodeRequest, 'code' | 'timeoutMs' | 'signal'>,
    interpreter: Interpreter,
  ): Promise<CodeOutcome> {
    const { command, fileName } = interpreter
    await mkdir(join(folder, 'code'))
    await writeFile(join(folder, 'code', fileName), code)
    const limits = { memoryMb, cpuSeconds: Math.ceil(timeoutMs / 1000) + 1 }
    const program = [...command, `/code/${fileName}`]
    const child = IsolatedProcess.start(
      (root) => launchSandbox(root, folder, interpreter, limits, program),
      this.#environment(),
    )
    if (child === null) return { status: 'died', exitCode: null, output: '' }
    const stop = (): void => void child.end()
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    try {
      return readOutcome(await child.run({}, { timeoutMs, memoryMb }, true))
    } finally {
      signal.removeEventListener('abort', stop)
      await child.end()
    }
  }

  async #write(folder: string, workspaceId: string, skill: MountedSkill): Promise<void> {
    const { skillId, versionId, name } = skill
    const version = await this.#deps.readVersion(workspaceId, skillId, { versionId })
    if (version === null) throw new GatewayError('skill_not_found', `There is no skill ${name} any more.`)
    const paths = version.files.map(({ path }) => path)
    const contents = await this.#deps.readFiles(workspaceId, versionId, paths)
    const root = join(folder, 'skills', name)
    await mkdir(root, { recursive: true })
    await writeFile(join(root, 'SKILL.md'), version.skillMd)
    for (const [at, { path, isExecutable }] of version.files.entries()) {
      const target = join(root, path)
      await mkdir(dirname(target), { recursive: true })
      await writeFile(target, contents[at] ?? '', { mode: isExecutable ? 0o755 : 0o644 })
    }
  }

  #environment(): Readonly<Record<string, string>> {
    const { PATH = '/usr/local/bin:/usr/bin:/bin', LANG = 'C.UTF-8', TZ } = this.#deps.env
    return { PATH, LANG, ...(TZ === undefined ? {} : { TZ }) }
  }

  /** Asks the machine by trying, once, with the first request: a flag that exists may still be forbidden. */
  #find() {
    this.#found ??= this.#probe()
    return this.#found
  }

  async #probe() {
    const interpreters = await findInterpreters(this.#deps.node, memoryMb)
    const folder = await mkdtemp(join(tmpdir(), 'routeiq-code-'))
    const shell = interpreters.get('bash')
    try {
      const { signal } = new AbortController()
      const trial = { code: 'exit 7', timeoutMs: trialMs, signal }
      const outcome = shell === undefined ? null : await this.#execute(folder, trial, shell)
      const refusal = outcome?.exitCode === 7 ? null : 'This machine has no namespaces to run code in safely.'
      return { interpreters, refusal }
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
}

function readOutcome(outcome: CallOutcome): CodeOutcome {
  const output = outcome.logs.trimEnd()
  if (outcome.kind !== 'answer') return { status: outcome.kind, exitCode: null, output }
  const { result } = JSON.parse(outcome.text) as { readonly result: number }
  return { status: 'ok', exitCode: result, output }
}
