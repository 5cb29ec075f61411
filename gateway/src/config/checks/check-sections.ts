import { allSettings } from '../registry/environment-registry.ts'
import { nearestName } from '../registry/nearest-name.ts'
import { isTreeSetting } from '../registry/setting.ts'
import type { Path, Report } from '../report.ts'
import { isNothing, isRecord, toBoolean, type UnknownRecord } from '../values/coerce.ts'
import { plannedKeys, plannedSections, routingKeys, sectionKeys, topLevelKeys } from './known-keys.ts'

/** Warns about keys nobody reads, keys in the wrong section, and features that are not built yet. */
export function checkSections(root: UnknownRecord, report: Report): void {
  warnUnknown(root, [], topLevelKeys, report)
  for (const [name, known] of Object.entries(sectionKeys)) {
    const section = root[name]
    if (!isRecord(section)) continue
    warnUnknown(section, [name], known, report)
    warnPlannedKeys(section, name, report)
  }
  warnMisplaced(root, report)
  warnEntryKeys(root['model_list'], report)
  warnTree(root['routeiq'], report)
  for (const [name, title] of Object.entries(plannedSections)) {
    if (isAskedFor(root[name])) report.warn([name], `${title} are not available yet; this section is ignored`)
  }
}

function warnUnknown(section: UnknownRecord, path: Path, known: ReadonlySet<string>, report: Report): void {
  for (const key of Object.keys(section)) {
    if (known.has(key)) continue
    const nearest = nearestName(key, known)
    report.warn(
      [...path, key],
      'unknown key; it is kept but not used',
      nearest === null ? undefined : `did you mean ${nearest}?`,
    )
  }
}

/** Python callbacks cannot run here; everything else in these keys comes later. */
function warnPlannedKeys(section: UnknownRecord, name: string, report: Report): void {
  for (const key of plannedKeys[name] ?? []) {
    const value = section[key]
    if (!isAskedFor(value) || (callbackKeys.has(key) && isOnlyMetrics(value))) continue
    const python = pythonReferences(value)
    const message =
      python.length > 0
        ? `Python code cannot be loaded: ${python.join(', ')}; it is ignored`
        : 'this is not available yet; it is ignored'
    report.warn([name, key], message)
  }
}

const callbackKeys = new Set(['callbacks', 'success_callback', 'failure_callback'])

/** `prometheus` adds metric names and is the one callback that works. */
function isOnlyMetrics(value: unknown): boolean {
  return (Array.isArray(value) ? value : [value]).every((item) => item === 'prometheus')
}

function isAskedFor(value: unknown): boolean {
  if (isNothing(value) || toBoolean(value) === false) return false
  if (Array.isArray(value)) return value.length > 0
  return !isRecord(value) || Object.keys(value).length > 0
}

/** `module.object`, as text or as an item of a list. */
function pythonReferences(value: unknown): readonly string[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value]
  return items.filter(
    (item): item is string => typeof item === 'string' && /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$/.test(item),
  )
}

function warnMisplaced(root: UnknownRecord, report: Report): void {
  const general = root['general_settings']
  const litellm = root['litellm_settings']
  if (isRecord(general)) {
    for (const key of Object.keys(general).filter((candidate) => routingKeys.has(candidate))) {
      report.warn(['general_settings', key], 'this belongs in router_settings; it is used')
    }
  }
  if (!isRecord(litellm)) return
  if (!isNothing(litellm['master_key'])) {
    report.warn(['litellm_settings', 'master_key'], 'this belongs in general_settings; it is used')
  }
  if (!isNothing(litellm['routing_strategy'])) {
    report.warn(['litellm_settings', 'routing_strategy'], 'this belongs in router_settings; it is used')
  }
}

const entryKeys = new Set(['model_name', 'litellm_params', 'model_info', 'tpm', 'rpm'])

function warnEntryKeys(list: unknown, report: Report): void {
  if (!Array.isArray(list)) return
  const warned = new Set<string>()
  for (const [index, entry] of list.entries()) {
    for (const key of isRecord(entry) ? Object.keys(entry) : []) {
      if (entryKeys.has(key) || warned.has(key)) continue
      warned.add(key)
      report.warn(['model_list', index, key], 'unknown key; it is kept but not used')
    }
  }
}

const treeIds = new Set(allSettings.filter(isTreeSetting).map((setting) => setting.id))
const treeGroups = new Set([...treeIds].map((id) => id.split('.')[0] ?? id))
/** `a` and `a.b` of `a.b.c`. */
const treeBranches = new Set(
  [...treeIds].flatMap((id) => {
    const parts = id.split('.')
    return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('.'))
  }),
)
const laterGroups = new Set([
  'router_r1',
  'agentic_pipeline',
  'mlops',
  'engine_metrics',
  'log_archival',
  'secrets_vault',
])

/** `routeiq:`; groups of later releases may hold anything. */
function warnTree(tree: unknown, report: Report): void {
  if (!isRecord(tree)) return
  for (const [group, fields] of Object.entries(tree)) {
    if (laterGroups.has(group) || group.startsWith('bedrock_') || treeIds.has(group)) continue
    if (!treeGroups.has(group)) warnUnknownTreeKey(group, treeGroups, ['routeiq', group], report)
    else warnBranch(group, fields, report)
  }
}

function warnBranch(branch: string, fields: unknown, report: Report): void {
  if (!isRecord(fields)) return
  for (const [name, value] of Object.entries(fields)) {
    const id = `${branch}.${name}`
    if (treeBranches.has(id)) warnBranch(id, value, report)
    else if (!treeIds.has(id)) warnUnknownTreeKey(id, treeIds, ['routeiq', ...id.split('.')], report)
  }
}

function warnUnknownTreeKey(name: string, known: ReadonlySet<string>, path: Path, report: Report): void {
  const nearest = nearestName(name, known)
  report.warn(
    path,
    'unknown setting; it is not used',
    nearest === null ? undefined : `did you mean ${nearest}?`,
  )
}
