import type { GatewayConfig } from '../config/config.ts'
import { formatDiagnostics } from '../config/validate-config.ts'
import { type Environment, readConfiguration } from '../process/load-runtime.ts'
import { failCommand, UsageError } from './fail-command.ts'

/** What a command over a gateway's database reaches outside: only what it is handed. */
export interface Terminal {
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
  readonly env: Environment
}

/** The flags that all of these commands have, for `parseArgs`. */
export const storedCommandOptions = {
  config: { type: 'string', short: 'c' },
  'data-dir': { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

interface ConfigurationFlags {
  readonly config?: string | undefined
  readonly 'data-dir'?: string | undefined
}

/** The configuration whose database is meant. Errors: UsageError with what is wrong with it. */
export function requireConfiguration(
  { config: file, 'data-dir': dataDir }: ConfigurationFlags,
  env: Environment,
): GatewayConfig {
  const flags = { ...(file !== undefined && { config: file }), ...(dataDir !== undefined && { dataDir }) }
  const { config, diagnostics } = readConfiguration(flags, env)
  if (config === null)
    throw new UsageError(`the configuration cannot be used\n${formatDiagnostics(diagnostics)}`)
  return config
}

/** What `parse` makes of a command line. Errors: UsageError in place of what it throws. */
export function parseFlags<Parsed>(parse: () => Parsed): Parsed {
  try {
    return parse()
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

/** Runs the command and tells why it failed. Resolves to the exit code: that of `run`, 1 failed, 2 wrong usage. */
export async function runStored(
  program: string,
  argv: readonly string[],
  terminal: Terminal,
  run: () => Promise<number>,
): Promise<number> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const exitCode = error instanceof UsageError ? 2 : 1
    const usage = `See ${program} --help.`
    return failCommand(terminal, { program, error, exitCode, usage, json: argv.includes('--json') })
  }
}
