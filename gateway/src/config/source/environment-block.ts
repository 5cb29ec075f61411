import type { Report } from '../report.ts'
import { isSet } from '../settings/resolved-settings.ts'
import { isNothing, isRecord, toText, type UnknownRecord } from '../values/coerce.ts'
import { type Environment, interpolateText } from './interpolate.ts'

/** The environment with the `environment_variables:` block added; a variable that is already set wins. */
export function exportEnvironmentBlock(root: UnknownRecord, env: Environment, report: Report): Environment {
  const block = root['environment_variables']
  if (!isRecord(block)) return env
  const exported: Record<string, string | undefined> = { ...env }
  for (const [name, value] of Object.entries(block)) {
    const path = ['environment_variables', name]
    if (isNothing(value) || isSet(env, name)) continue
    const text = toText(value)
    if (text === undefined) report.warn(path, 'this should be text; it is ignored')
    else exported[name] = interpolateText(text, env, path, report) ?? undefined
  }
  return exported
}
