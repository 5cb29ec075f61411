import { allSettings } from '../registry/environment-registry.ts'
import { isTreeSetting } from '../registry/setting.ts'
import type { Report } from '../report.ts'
import { isNothing, isRecord, type UnknownRecord } from '../values/coerce.ts'

/** One warning for each feature that the `routeiq:` block switches on and that is not built yet. */
export function checkTreeFeatures(root: UnknownRecord, report: Report): void {
  const tree = root['routeiq']
  if (!isRecord(tree)) return
  for (const setting of allSettings) {
    if (setting.offWords === null || !isTreeSetting(setting)) continue
    const path = setting.id.split('.')
    const value = path.reduce<unknown>((node, part) => (isRecord(node) ? node[part] : undefined), tree)
    if (isNothing(value) || setting.offWords.includes(offWord(value, setting.offWords))) continue
    report.warn(['routeiq', ...path], `this is not available yet: ${setting.meaning}; it is ignored`)
  }
}

/** YAML 1.1 readers turn `off` into false; that is still the word `off`. */
function offWord(value: unknown, offWords: readonly string[]): string {
  return value === false && offWords.includes('off') ? 'off' : String(value).trim().toLowerCase()
}
