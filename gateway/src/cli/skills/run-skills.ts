import { homedir } from 'node:os'
import { failCommand } from '../fail-command.ts'
import {
  type GlobalValues,
  globalOptions,
  type SkillsCommand,
  type SkillsContext,
  type Surroundings,
} from './command.ts'
import { commands } from './commands/commands.ts'
import { CommandFailure, GatewayClient } from './gateway-client.ts'
import { Progress } from './progress.ts'

const defaultBaseUrl = 'http://127.0.0.1:4000'

/** `routeiq skills …`. Resolves to the exit code: 0 fine, 1 findings or failed, 2 wrong usage, 3 not allowed, 4 no answer. */
export async function runSkills(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  const [name, ...rest] = argv
  const command = name === undefined ? undefined : commands[name]
  const wantsHelp = rest.includes('--help') || rest.includes('-h')
  if (command !== undefined && !wantsHelp) return runCommand(name ?? '', command, rest, surroundings)
  const isHelp = command !== undefined || name === undefined || ['help', '--help', '-h'].includes(name)
  if (isHelp) {
    surroundings.stdout.write(command === undefined ? overview() : describe(name ?? '', command))
    return 0
  }
  surroundings.stderr.write(`routeiq skills: unknown command ${name}\nSee routeiq skills --help.\n`)
  return 2
}

async function runCommand(
  name: string,
  command: SkillsCommand,
  argv: readonly string[],
  surroundings: Surroundings,
): Promise<number> {
  const progress = new Progress(surroundings.stderr)
  try {
    return await command.run(argv, (values) => createContext(values, surroundings, progress))
  } catch (error) {
    progress.end()
    if (!(error instanceof Error)) throw error
    const exitCode = error instanceof CommandFailure ? error.exitCode : 1
    const program = `routeiq skills ${name}`
    const usage = `Usage: ${program} ${command.usage}`
    return failCommand(surroundings, { program, error, exitCode, usage, json: argv.includes('--json') })
  } finally {
    progress.end()
  }
}

function createContext(
  values: GlobalValues,
  { env, stdout, stderr, cwd }: Surroundings,
  progress: Progress,
): SkillsContext {
  const baseUrl =
    values['base-url'] ?? firstOf(env, 'ROUTEIQ_BASE_URL', 'DECIMAL_BASE_URL', 'DECIMALAI_BASE_URL')
  const apiKey = values['api-key'] ?? firstOf(env, 'ROUTEIQ_API_KEY', 'DECIMAL_API_KEY', 'DECIMALAI_API_KEY')
  const asJson = values.json ?? false
  const print = (line: string): void => void stdout.write(`${line}\n`)
  return {
    gateway: new GatewayClient(baseUrl ?? defaultBaseUrl, apiKey, values.workspace),
    directory: cwd(),
    homeDirectory: firstOf(env, 'HOME', 'USERPROFILE') ?? homedir(),
    asJson,
    progress,
    print,
    note: (line) => void stderr.write(`${line}\n`),
    show(result, format) {
      progress.end()
      if (asJson) print(JSON.stringify(result, null, 2))
      else for (const line of format()) print(line)
    },
  }
}

function firstOf(env: Surroundings['env'], ...names: readonly string[]): string | undefined {
  return names.map((name) => env[name]).find((value) => value !== undefined && value !== '')
}

function overview(): string {
  const rows = Object.entries(commands).map(
    ([name, { usage, summary }]) => `  ${`${name} ${usage}`.padEnd(34)}${summary}`,
  )
  return `Usage: routeiq skills COMMAND [flags]

${rows.join('\n')}

Flags of every command
  --base-url URL    the gateway (ROUTEIQ_BASE_URL, else ${defaultBaseUrl})
  --api-key KEY     a key of it (ROUTEIQ_API_KEY)
  --workspace ID    another workspace, for admins
  --json            the whole answer as JSON

Exit codes: 0 fine, 1 findings or failed rows, 2 wrong usage, 3 not allowed, 4 the gateway does not answer.
`
}

function describe(name: string, { usage, summary, options }: SkillsCommand): string {
  const flags = Object.keys({ ...options, ...globalOptions }).map((option) => `  --${option}`)
  return `Usage: routeiq skills ${name} ${usage}\n\n${summary}\n\nFlags\n${flags.join('\n')}\n`
}
