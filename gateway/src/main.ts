import { probeConfiguredServices, validateConfig } from './cli/check-commands.ts'
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
      finish(validateConfig({ command, flags, ...rest }, process.env))
      return
    case 'probe-services':
      finish(await probeConfiguredServices({ command, flags, ...rest }, process.env))
      return
    case 'start':
      await start(flags, process.env)
  }
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
