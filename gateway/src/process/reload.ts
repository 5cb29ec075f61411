import type { AppDependencies } from '../app.ts'
import type { ReloadReport } from './configuration-holder.ts'
import { refreshPrices } from './prices.ts'
import type { ServeOptions } from './serve-options.ts'
import { listSecrets } from './telemetry.ts'

/** Reads the configuration again, swaps it where it is valid, and logs what is wrong. */
export function reload({ configuration, telemetry, prices, now }: ServeOptions): ReloadReport {
  const report = configuration.reload()
  telemetry.addSecrets(listSecrets(configuration.runtime.config))
  void refreshPrices({ configuration, prices, logger: telemetry.logger, now })
  for (const { severity, path, message } of report.diagnostics) {
    telemetry.logger.log(severity === 'error' ? 'error' : 'warn', 'config', { path, message })
  }
  telemetry.logger.log(report.succeeded ? 'info' : 'error', 'config_reload', {
    changed: report.changed,
    succeeded: report.succeeded,
    config_version_hash: configuration.runtime.config.versionHash,
  })
  return report
}

/** What a caller is told of a reload: where something is wrong, and what. */
export function reloadForCaller(options: ServeOptions): ReturnType<AppDependencies['routing']['reload']> {
  const { succeeded, diagnostics } = reload(options)
  return {
    succeeded,
    errors: diagnostics.flatMap(({ severity, path, message }) =>
      severity === 'error' ? { path, message } : [],
    ),
  }
}
