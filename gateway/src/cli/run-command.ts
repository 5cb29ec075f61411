import { RefusedConfiguration, start } from '../process/start.ts'
import { version } from '../version.ts'
import { failCommand, UsageError } from './fail-command.ts'
import { helpText } from './help-text.ts'
import { type Arguments, parseArguments } from './parse-arguments.ts'

/** Runs every command but `skills`, reports failures on stderr and ends the process with the code that tells them. */
export async function runCommand(argv: readonly string[]): Promise<void> {
  try {
    await run(parseArguments(argv))
  } catch (error) {
    fail(error, argv.includes('--json'))
  }
}

async function run({ command, flags, ...rest }: Arguments): Promise<void> {
  for (const flag of rest.ignored) console.error(`routeiq: --${flag} has no effect here`)
  switch (command) {
    case 'version':
      process.stdout.write(`${version}\n`)
      return
    case 'help':
      process.stdout.write(`${helpText}\n`)
      return
    case 'validate-config':
    case 'probe-services':
      finish(await check({ command, flags, ...rest }))
      return
    case 'start':
      await start(flags, process.env)
  }
}

/** Loaded when asked for: a start needs none of it. */
async function check(request: Arguments): Promise<{ exitCode: number; output: string }> {
  const { probeConfiguredServices, validateConfig } = await import('./check-commands.ts')
  return request.command === 'validate-config'
    ? validateConfig(request, process.env)
    : probeConfiguredServices(request, process.env)
}

function finish({ exitCode, output }: { exitCode: number; output: string }): void {
  process.stdout.write(output)
  process.exitCode = exitCode
}

/** Without its stack: what it says is for the operator. */
function fail(error: unknown, json: boolean): void {
  const isRefused = error instanceof RefusedConfiguration
  const message = error instanceof Error ? error.message : String(error)
  const told = new Error(isRefused ? `the configuration cannot be used\n${message}` : message)
  const exitCode = isRefused || error instanceof UsageError ? 2 : 1
  const usage = isRefused ? '' : 'See routeiq --help.'
  process.exit(failCommand(process, { program: 'routeiq', error: told, exitCode, usage, json }))
}
