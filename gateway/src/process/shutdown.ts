import type { Telemetry } from './telemetry.ts'

const signalExitCodes = { SIGINT: 130, SIGTERM: 143 } as const

/** Drains once on SIGTERM or SIGINT and exits 0; a second signal calls `abandon` and exits at once. */
export function onShutdown(
  telemetry: Telemetry,
  drain: () => Promise<void>,
  abandon = (): void => {},
): () => void {
  let draining = false
  const begin = (): void => {
    if (draining) return
    draining = true
    telemetry.logger.log('info', 'draining')
    drain().then(
      () => exit(telemetry, 0),
      (error) => {
        telemetry.logger.logError({ error })
        exit(telemetry, 1)
      },
    )
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (draining) {
        abandon()
        exit(telemetry, signalExitCodes[signal])
      }
      begin()
    })
  }
  process.on('uncaughtException', (error) => telemetry.logger.logError({ error }))
  process.on('unhandledRejection', (error) => telemetry.logger.logError({ error }))
  return begin
}

function exit(telemetry: Telemetry, code: number): void {
  telemetry.flush()
  process.exit(code)
}
