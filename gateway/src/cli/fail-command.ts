/** The command line is wrong; the text says how. */
export class UsageError extends Error {}

interface Failure {
  /** What failed, as it is called: `routeiq audit`. */
  readonly program: string
  readonly error: Error
  /** 1 failed, 2 wrong usage or configuration; some commands know more. */
  readonly exitCode: number
  /** How it is meant, for people whose usage was wrong. */
  readonly usage: string
  /** Whether the caller reads JSON. */
  readonly json: boolean
}

interface Outputs {
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
}

/**
 * Tells why a command failed: a sentence on standard error, or `{"error": {"message", "exit_code"}}` on standard output for who
 * reads JSON. Returns the exit code.
 */
export function failCommand(
  { stdout, stderr }: Outputs,
  { program, error: { message }, exitCode, usage, json }: Failure,
): number {
  if (json) stdout.write(`${JSON.stringify({ error: { message, exit_code: exitCode } }, null, 2)}\n`)
  else stderr.write(`${program}: ${message}\n${exitCode === 2 ? `${usage}\n` : ''}`)
  return exitCode
}
