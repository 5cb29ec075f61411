import { type ParseArgsConfig, parseArgs } from 'node:util'
import { CommandFailure, type GatewayClient, type Json } from './gateway-client.ts'
import type { Progress } from './progress.ts'

/** What a command works with; everything of the process it needs is in here. */
export interface SkillsContext {
  readonly gateway: GatewayClient
  /** Where relative paths begin. */
  readonly directory: string
  readonly homeDirectory: string
  readonly asJson: boolean
  readonly progress: Progress
  /** A line of the result, on stdout. */
  print(line: string): void
  /** Something to know beside the result, on stderr. */
  note(line: string): void
  /** The whole result: as JSON if asked to, else the lines that `format` makes of it. */
  show(result: Json, format: () => readonly string[]): void
}

type Options = NonNullable<ParseArgsConfig['options']>

interface Definition<Given extends Options> {
  /** What follows the command's name: `NAME`, `[DIR]`. */
  readonly usage: string
  readonly summary: string
  readonly options: Given
  /** Fewest and most arguments. */
  readonly arity: readonly [fewest: number, most: number]
  /** Resolves to the exit code: 0, or 1 for findings and failed rows. */
  run(
    context: SkillsContext,
    input: {
      readonly values: ReturnType<typeof parseArgs<{ options: Given }>>['values']
      readonly names: readonly string[]
    },
  ): Promise<number>
}

/** What the process gives to a command; the global `process` has this shape. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean }
  cwd(): string
}

export interface SkillsCommand {
  readonly usage: string
  readonly summary: string
  readonly options: Options
  /** Throws a CommandFailure. */
  run(argv: readonly string[], createContext: (values: GlobalValues) => SkillsContext): Promise<number>
}

export const globalOptions = {
  'base-url': { type: 'string' },
  'api-key': { type: 'string' },
  workspace: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies Options

export type GlobalValues = ReturnType<typeof parseArgs<{ options: typeof globalOptions }>>['values']

/** Binds a command's options to its code, so that the code sees them typed. */
export function defineCommand<const Given extends Options>(definition: Definition<Given>): SkillsCommand {
  const { usage, summary, options } = definition
  return {
    usage,
    summary,
    options,
    run(argv, createContext) {
      const { values, positionals } = readArguments(argv, { ...globalOptions, ...options })
      const [fewest, most] = definition.arity
      if (positionals.length < fewest) throw new CommandFailure(`an argument is missing: ${usage}`, 2)
      if (positionals.length > most)
        throw new CommandFailure(`too many arguments: ${positionals.slice(most).join(' ')}`, 2)
      // The options that were given to parseArgs are those whose types `run` asks for.
      return definition.run(createContext(values as GlobalValues), {
        values: values as never,
        names: positionals,
      })
    },
  }
}

function readArguments(argv: readonly string[], options: Options) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, allowNegative: true })
  } catch (error) {
    throw new CommandFailure((error as Error).message, 2)
  }
}

/** A whole number an option was given; undefined when it was not. */
export function readCount(option: string, text: string | undefined, fewest = 1): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (!Number.isInteger(value) || value < fewest)
    throw new CommandFailure(`--${option} needs a whole number from ${fewest}, not ${text}`, 2)
  return value
}

/** One of the texts an option allows; undefined when it was not given. */
export function readChoice<Choice extends string>(
  option: string,
  text: string | undefined,
  choices: readonly Choice[],
): Choice | undefined {
  if (text === undefined || choices.includes(text as Choice)) return text as Choice | undefined
  throw new CommandFailure(`--${option} is one of ${choices.join(', ')}, not ${text}`, 2)
}
