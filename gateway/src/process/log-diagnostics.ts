import type { Diagnostic } from '../config/diagnostics.ts'
import type { Logger } from '../telemetry/logger.ts'

/** Puts what was found in the configuration, and what storage had to say, into the log. */
export function logDiagnostics(
  logger: Logger,
  diagnostics: readonly Diagnostic[],
  notices: readonly string[] = [],
): void {
  for (const { severity, path, message, hint, file, line } of diagnostics) {
    logger.log(severity === 'error' ? 'error' : 'warn', 'config', { path, message, hint, file, line })
  }
  for (const message of notices) logger.log('warn', 'storage', { message })
}
