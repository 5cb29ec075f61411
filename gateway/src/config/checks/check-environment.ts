import { allSettings, settingsByVariable, variableNames } from '../registry/environment-registry.ts'
import { nearestName } from '../registry/nearest-name.ts'
import { type Setting, treeName } from '../registry/setting.ts'
import type { Report } from '../report.ts'
import { isSet } from '../settings/resolved-settings.ts'
import type { Environment } from '../source/interpolate.ts'

interface EnvironmentCheck {
  readonly env: Environment
  readonly report: Report
  /** `ROUTEIQ_SKIP_ENV_VALIDATION`: only what stops the start is said. */
  readonly onlyErrors: boolean
}

/** Finds unknown `ROUTEIQ_*` names, contradictions, and features that are switched on but not built yet. */
export function checkEnvironment({ env, report, onlyErrors }: EnvironmentCheck): void {
  for (const setting of allSettings) {
    refusePlanned(setting, env, report, onlyErrors)
    if (!onlyErrors) warnAboutTwoForms(setting, env, report)
  }
  if (!onlyErrors) warnAboutUnknown(env, report)
}

function refusePlanned(setting: Setting, env: Environment, report: Report, onlyErrors: boolean): void {
  const name = variableNames(setting).find((candidate) => isSet(env, candidate))
  if (name === undefined || setting.availability !== 'planned' || setting.offWords === null) return
  if (setting.offWords.includes((env[name] ?? '').trim().toLowerCase())) return
  const message = `${name} is set, but this is not available yet: ${setting.meaning}`
  const hint = `unset ${name}`
  if (setting.whenAsked === 'error') report.fatal(name, message, hint)
  else if (!onlyErrors) report.warn(name, message, hint)
}

function warnAboutTwoForms(setting: Setting, env: Environment, report: Report): void {
  const tree = treeName(setting)
  if (tree === null || !isSet(env, tree)) return
  const other = setting.names.find((name) => isSet(env, name) && env[name] !== env[tree])
  if (other !== undefined)
    report.warn(other, `${tree} is set too, and differs; ${tree} is used`, `unset ${other}`)
}

const openEnded = [
  /^ROUTEIQ_PLUGIN_[A-Z0-9_]+$/,
  /^ROUTEIQ_CB_[A-Z0-9_]+_(FAILURE_THRESHOLD|SUCCESS_THRESHOLD|TIMEOUT_SECONDS|WINDOW_SECONDS)$/,
]
const silentGroups =
  /^ROUTEIQ_(AGENTIC_PIPELINE|MLOPS|ENGINE_METRICS|BEDROCK_[A-Z_]+|LOG_ARCHIVAL|SECRETS_VAULT|ROUTER_R1)__/

function warnAboutUnknown(env: Environment, report: Report): void {
  for (const name of Object.keys(env)) {
    if (!name.startsWith('ROUTEIQ_') || settingsByVariable.has(name)) continue
    if (silentGroups.test(name) || openEnded.some((pattern) => pattern.test(name))) continue
    const nearest = nearestName(name, settingsByVariable.keys())
    report.warn(
      name,
      `${name} is not a known variable`,
      nearest === null ? undefined : `did you mean ${nearest}?`,
    )
  }
}
