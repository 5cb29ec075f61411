import { parseArgs } from 'node:util'
import type { ConfigFlags } from '../config/config-flags.ts'
import { UsageError } from './fail-command.ts'

type Command = 'start' | 'validate-config' | 'version' | 'probe-services' | 'help'

export interface Arguments {
  readonly command: Command
  readonly flags: ConfigFlags
  readonly strict: boolean
  readonly json: boolean
  /** Flags that are accepted for compatibility and do nothing. */
  readonly ignored: readonly string[]
}

const commands: readonly string[] = ['start', 'validate-config', 'version', 'probe-services', 'help']

const options = {
  config: { type: 'string', short: 'c' },
  host: { type: 'string' },
  port: { type: 'string' },
  workers: { type: 'string' },
  num_workers: { type: 'string' },
  data_dir: { type: 'string' },
  model: { type: 'string' },
  drop_params: { type: 'boolean' },
  debug: { type: 'boolean' },
  detailed_debug: { type: 'boolean' },
  request_timeout: { type: 'string' },
  ssl_keyfile_path: { type: 'string' },
  ssl_certfile_path: { type: 'string' },
  insecure_no_auth: { type: 'boolean' },
  strict: { type: 'boolean' },
  json: { type: 'boolean' },
  version: { type: 'boolean', short: 'v' },
  help: { type: 'boolean', short: 'h' },
  validate_config: { type: 'boolean' },
  keepalive_timeout: { type: 'string' },
  telemetry: { type: 'string' },
  run_gunicorn: { type: 'boolean' },
  run_hypercorn: { type: 'boolean' },
  max_requests_before_restart: { type: 'string' },
} as const

const withoutEffect = [
  'telemetry',
  'run_gunicorn',
  'run_hypercorn',
  'max_requests_before_restart',
  'keepalive_timeout',
] as const

/** Reads `process.argv.slice(2)`. Dashes and underscores in flag names are the same; no command means `start`. */
export function parseArguments(argv: readonly string[]): Arguments {
  const [first] = argv
  const named = first !== undefined && !first.startsWith('-')
  if (named && !commands.includes(first))
    throw new UsageError(
      `unknown command ${first}; the commands are ${[...commands, 'skills', 'audit', 'train', 'eval', 'bundle', 'import', 'probe', 'calibrate', 'replay', 'export-decisions'].join(', ')}`,
    )
  const values = readFlags(named ? argv.slice(1) : argv)
  return {
    command: chooseCommand(named ? (first as Command) : 'start', values),
    flags: readConfigFlags(values),
    strict: values.strict ?? false,
    json: values.json ?? false,
    ignored: withoutEffect.filter((name) => values[name] !== undefined),
  }
}

type Values = ReturnType<typeof readFlags>

function readFlags(argv: readonly string[]) {
  const args = argv.map((argument) => (argument.startsWith('--') ? normalise(argument) : argument))
  try {
    return parseArgs({ args, options, allowPositionals: false }).values
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

function normalise(flag: string): string {
  const [name = '', ...value] = flag.slice(2).split('=')
  return `--${[name.replaceAll('-', '_'), ...value].join('=')}`
}

function chooseCommand(command: Command, values: Values): Command {
  if (values.help === true) return 'help'
  if (values.version === true) return 'version'
  return values.validate_config === true ? 'validate-config' : command
}

function readConfigFlags(values: Values): ConfigFlags {
  const debug = values.debug === true || values.detailed_debug === true
  return {
    ...(values.config === undefined ? {} : { config: values.config }),
    ...(values.host === undefined ? {} : { host: values.host }),
    ...optionalNumber('port', values.port, 'port', 0),
    ...optionalNumber('workers', values.workers ?? values.num_workers, 'workers', 1),
    ...optionalNumber('request_timeout', values.request_timeout, 'requestTimeoutSeconds', 0),
    ...(values.data_dir === undefined ? {} : { dataDir: values.data_dir }),
    ...(values.model === undefined ? {} : { model: values.model }),
    ...(values.drop_params === true ? { dropParams: true } : {}),
    ...(debug ? { debug } : {}),
    ...(values.ssl_keyfile_path === undefined ? {} : { tlsKeyFile: values.ssl_keyfile_path }),
    ...(values.ssl_certfile_path === undefined ? {} : { tlsCertFile: values.ssl_certfile_path }),
    ...(values.insecure_no_auth === true ? { insecureNoAuth: true } : {}),
  }
}

function optionalNumber<Name extends string>(
  flag: string,
  text: string | undefined,
  name: Name,
  minimum: number,
): { [Key in Name]?: number } {
  if (text === undefined) return {}
  const value = Number(text)
  if (!Number.isFinite(value) || value < minimum || text.trim() === '') {
    throw new UsageError(`--${flag} needs a number from ${minimum}, not ${text}`)
  }
  return { [name]: value } as { [Key in Name]?: number }
}
