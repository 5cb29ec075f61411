import { GatewayError } from '@routeiq/contract'
import type { FunctionEntry, FunctionItem, FunctionSkillsOptions, ModuleFile } from './function-module.ts'
import { type CallOutcome, IsolatedProcess } from './isolated-process.ts'
import { cpuSeconds, type Host, isolationOf, launchOf, rootOf } from './isolation.ts'
import { Places } from './places.ts'
import { argumentsSchema } from './value-schema.ts'

/** Named arguments, or all of them in order. */
export type Given = Readonly<Record<string, unknown>> | readonly unknown[]

export interface FunctionCall {
  readonly module: ModuleFile
  readonly item: FunctionItem
  readonly parameters: Given
  /** Arguments of the constructor; null when there are none of their own. */
  readonly init: Given | null
  /** The class of a method. */
  readonly owner: FunctionItem | null
  /** Whether what it prints is wanted. */
  readonly withLogs: boolean
}

export interface FunctionResult {
  readonly result: unknown
  /** The last of what it printed. */
  readonly logs: string
}

interface Answer {
  readonly ok: boolean
  readonly result?: unknown
  readonly kind?: 'raised' | 'arguments' | 'memory'
  readonly type?: string
  readonly message?: string
  readonly stack?: string
}

const largestRequest = 1_048_576

/** Runs functions in processes of their own: a few at once, more wait, and the next process of a module stands ready. */
export class FunctionRunner {
  readonly #host: Host
  readonly #options: FunctionSkillsOptions
  readonly #env: Readonly<Record<string, string | undefined>>
  readonly #spares = new Map<FunctionEntry, IsolatedProcess>()
  readonly #places: Places
  #closed = false

  constructor(host: Host, options: FunctionSkillsOptions, env: Readonly<Record<string, string | undefined>>) {
    this.#host = host
    this.#options = options
    this.#places = new Places(options)
    this.#env = env
  }

  /** Errors: those of the table of results, as GatewayError. */
  async call(call: FunctionCall): Promise<FunctionResult> {
    const { entry } = call.module
    this.#checkIsolation(entry)
    const request = this.#prepare(call)
    await this.#places.enter()
    const child = this.#take(entry)
    if (child === null) {
      this.#places.leave()
      throw new GatewayError(
        'isolation_unavailable',
        `This machine has no ${entry.runtime} to run the skill with.`,
      )
    }
    try {
      const readable = [rootOf(entry), ...entry.read]
      const outcome = await child.run(
        { ...request, readable, writable: [child.directory] },
        entry,
        call.withLogs,
      )
      return this.#readOutcome(outcome, entry)
    } finally {
      // Its place is free when it is gone; nobody waits for that.
      void child.end().then(() => {
        this.#places.leave()
        this.#prepareSpare(entry)
      })
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#spares.values()].map((spare) => spare.end()))
    this.#spares.clear()
  }

  #checkIsolation(entry: FunctionEntry): void {
    if (this.#options.requireIsolation !== 'kernel') return
    const weak = Object.entries(isolationOf(this.#host, entry)).filter(
      ([, strength]) => strength !== 'kernel',
    )
    if (weak.length > 0)
      throw new GatewayError(
        'isolation_unavailable',
        `require_isolation is kernel, and this machine holds ${weak.map(([aspect, strength]) => `${aspect} by ${strength}`).join(', ')}.`,
      )
  }

  #prepare({ module, item, owner, parameters, init }: FunctionCall): object {
    const { entry, file, namespace } = module
    const constructed = owner ?? (item.kind === 'class' ? item : null)
    const request = {
      file,
      root: entry.path,
      rootNamespace: entry.namespace,
      namespace,
      name: item.name,
      parameters: arrange(item, parameters, entry.runtime),
      init:
        constructed === null
          ? null
          : arrange(constructed, init ?? (item.kind === 'class' ? parameters : {}), entry.runtime),
      denyNetwork: entry.network === 'deny',
      limits: { cpuSeconds: cpuSeconds(entry), addressBytes: entry.memoryMb * 1_048_576 + 67_108_864 },
    }
    if (item.kind === 'class' && entry.runtime === 'python' && init === null) request.init = null
    if (JSON.stringify(request).length > largestRequest)
      throw new GatewayError('invalid_arguments', 'The arguments are larger than 1 MiB.')
    return request
  }

  #take(entry: FunctionEntry): IsolatedProcess | null {
    const spare = this.#spares.get(entry)
    this.#spares.delete(entry)
    return spare ?? this.#start(entry)
  }

  #prepareSpare(entry: FunctionEntry): void {
    if (this.#closed || this.#spares.has(entry)) return
    const spare = this.#start(entry)
    if (spare !== null) this.#spares.set(entry, spare)
  }

  #start(entry: FunctionEntry): IsolatedProcess | null {
    const names = ['PATH', 'LANG', 'TZ', ...entry.env]
    const env = names.flatMap((name) => {
      const value = this.#env[name]
      return value === undefined ? [] : [[name, value] as const]
    })
    return IsolatedProcess.start(
      (directory) => launchOf(this.#host, entry, directory),
      Object.fromEntries(env),
    )
  }

  #readOutcome(outcome: CallOutcome, { timeoutMs, memoryMb }: FunctionEntry): FunctionResult {
    if (outcome.kind === 'timeout')
      throw new GatewayError('skill_timeout', `The skill took longer than ${timeoutMs} ms.`)
    if (outcome.kind === 'exceeded')
      throw new GatewayError('skill_resource_exceeded', exceededText[outcome.what](memoryMb))
    if (outcome.kind === 'died')
      throw new GatewayError('skill_raised', `The skill's process died: ${outcome.message}.`)
    const answer = JSON.parse(outcome.text) as Answer
    if (answer.ok) return { result: answer.result, logs: outcome.logs }
    if (answer.kind === 'memory')
      throw new GatewayError('skill_resource_exceeded', exceededText.memory(memoryMb))
    if (answer.kind === 'arguments') throw new GatewayError('invalid_arguments', answer.message ?? '')
    const { type = 'Error', message = '', stack } = answer
    throw new GatewayError('skill_raised', `${type}: ${message}`, {
      extras: { type, message, ...(this.#options.debug ? { stack } : {}) },
    })
  }
}

const exceededText: Readonly<Record<'memory' | 'output' | 'processes', (memoryMb: number) => string>> = {
  memory: (memoryMb) => `The skill used more than ${memoryMb} MiB of memory.`,
  output: () => 'The skill wrote more than it may.',
  processes: () => 'The skill started more processes than it may.',
}

/** Checks arguments by the types of the source and brings them into the form the language's runtime takes. */
function arrange(item: FunctionItem, given: Given, runtime: FunctionEntry['runtime']): unknown {
  const named = Array.isArray(given) ? nameValues(item, given) : given
  const parsed = argumentsSchema(item.args).safeParse(named)
  if (!parsed.success) {
    const errors = parsed.error.issues.map(({ path, message }) => ({ argument: path.join('.'), message }))
    const text = errors
      .map(({ argument, message }) => (argument === '' ? message : `${argument}: ${message}`))
      .join('; ')
    throw new GatewayError('invalid_arguments', `${item.name} cannot take these arguments: ${text}`, {
      extras: { errors },
    })
  }
  if (runtime === 'python') return given
  // JavaScript has no names for arguments: values go in order, each in a list that is empty when it was not given.
  const values = item.args.map(({ name }) =>
    Object.hasOwn(named, name) ? [(named as Record<string, unknown>)[name]] : [],
  )
  while (values.at(-1)?.length === 0) values.pop()
  return values
}

function nameValues(
  { name, args }: FunctionItem,
  values: readonly unknown[],
): Readonly<Record<string, unknown>> {
  const plain = args.filter((argument) => !argument.name.startsWith('*'))
  if (values.length > plain.length && !args.some((argument) => /^\*[^*]/.test(argument.name)))
    throw new GatewayError(
      'invalid_arguments',
      `${name} takes ${plain.length} arguments, not ${values.length}.`,
    )
  return Object.fromEntries(
    plain.slice(0, values.length).map((argument, index) => [argument.name, values[index]]),
  )
}
