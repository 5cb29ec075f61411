import { execFileSync } from 'node:child_process'

/** Whether this machine runs a command to its end without an error. */
export function succeeds(command: string, argv: readonly string[]): boolean {
  try {
    execFileSync(command, argv, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
