import type { FallbackTable, FallbackTarget } from '../config.ts'
import type { Path, Report } from '../report.ts'
import { isNothing, isRecord, toText } from '../values/coerce.ts'

/** `[{a: [b]}, {c: d}]` or `{a: b, c: [d]}` → one list of targets per group; later maps add to earlier ones. */
export function readFallbackTable(value: unknown, path: Path, report: Report): FallbackTable {
  const table = new Map<string, readonly FallbackTarget[]>()
  if (isNothing(value)) return table
  const entries = Array.isArray(value) ? value : [value]
  for (const [index, entry] of entries.entries()) {
    const entryPath = Array.isArray(value) ? [...path, index] : path
    if (!isRecord(entry)) {
      report.warn(entryPath, 'a fallback should be a map from a model to its replacements; it is ignored')
      continue
    }
    for (const [group, targets] of Object.entries(entry)) {
      const read = readFallbackTargets(targets, [...entryPath, group], report)
      if (read.length > 0) table.set(group, [...(table.get(group) ?? []), ...read])
    }
  }
  return table
}

export function readFallbackTargets(value: unknown, path: Path, report: Report): readonly FallbackTarget[] {
  if (isNothing(value)) return []
  const targets = Array.isArray(value) ? value : [value]
  return targets.flatMap((target, index) => {
    const read = readTarget(target)
    if (read === null) {
      report.warn(
        [...path, index],
        'a fallback target should be a model name or a map with `model`; it is ignored',
      )
      return []
    }
    return [read]
  })
}

function readTarget(target: unknown): FallbackTarget | null {
  if (!isRecord(target)) return isNothing(target) ? null : (toText(target) ?? null)
  const model = target['model']
  return typeof model === 'string' && model !== '' ? { ...target, model } : null
}
