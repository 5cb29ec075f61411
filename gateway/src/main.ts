import { helpText } from './cli/help-text.ts'
import { type Arguments, parseArguments, UsageError } from './cli/parse-arguments.ts'
import { StartFailure } from './process/listen.ts'
import { RefusedConfiguration, start } from './process/start.ts'
import { version } from './version.ts'

async function run({ command, flags, ...rest }: Arguments): Promise<void> {
  for (const flag of rest.ignored) console.error(`routeiq: --${flag} has no effect here`)
  switch (command) {
    case 'version':
      console.log(version)
      return
    case 'help':
      console.log(helpText)
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
  const { probeConfiguredServices, validateConfig } = await import('./cli/check-commands.ts')
  return request.command === 'validate-config'
    ? validateConfig(request, process.env)
    : probeConfiguredServices(request, process.env)
}

function finish({ exitCode, output }: { exitCode: number; output: string }): void {
  process.stdout.write(output)
  process.exitCode = exitCode
}

function fail(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof UsageError) console.error(`routeiq: ${message}\nSee routeiq --help.`)
  else if (error instanceof RefusedConfiguration)
    console.error(`routeiq: the configuration cannot be used\n${message}`)
  else if (error instanceof StartFailure) console.error(`routeiq: ${message}`)
  else console.error(`routeiq: ${message}`)
  process.exit(error instanceof UsageError || error instanceof RefusedConfiguration ? 2 : 1)
}

try {
  await run(parseArguments(process.argv.slice(2)))
} catch (error) {
  fail(error)
}
