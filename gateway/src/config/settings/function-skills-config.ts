import { resolve } from 'node:path'
import type { ClientTool, FunctionSkillConfig, FunctionSkillsConfig } from '../config.ts'
import type { Report } from '../report.ts'
import type { UnknownRecord } from '../values/coerce.ts'
import { Section } from '../values/section.ts'
import type { ConfigSections } from './config-sections.ts'

const namespacePattern = /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*$/
const longestTimeoutMs = 120_000
const moatCacheSize = 20
const standardTools: Readonly<Record<string, ClientTool>> = {
  computer_use: { type: 'computer_20250124', name: 'computer' },
  bash: { type: 'bash_20250124', name: 'bash' },
  text_editor: { type: 'text_editor_20250728', name: 'str_replace_based_edit_tool' },
}
const path = ['skills', 'modules']

/** `skills.modules`, and the short form of the environment behind it. What cannot be used is reported and left out. */
export function readFunctionSkills(
  root: UnknownRecord,
  { settings, report }: ConfigSections,
): FunctionSkillsConfig {
  const skills = new Section(root['skills'], ['skills'], report)
  const section = skills.section('modules')
  const isOff = section.boolean('enabled') === false
  const listed = section.list('entries').flatMap((entry, index) => readEntry(entry, index, report))
  const short = settings.list('process.skill_modules').flatMap((pair) => readShortForm(pair, report))
  return {
    entries: isOff ? [] : [...listed, ...short],
    cacheSize: section.count('cache_size') ?? readCacheSize(settings),
    maxConcurrent: Math.max(1, section.count('max_concurrent') ?? 8),
    maxQueued: section.count('max_queued') ?? 32,
    requireIsolation: section.text('require_isolation') === 'kernel' ? 'kernel' : 'none',
    debug: section.boolean('debug') ?? false,
    clientTools: readClientTools(skills.section('builtin_tools')),
  }
}

/** Providers give their tools other types as models come and go. */
function readClientTools(section: Section): FunctionSkillsConfig['clientTools'] {
  const tools = Object.entries(standardTools).map(([key, standard]): [string, ClientTool] => {
    const given = section.section(key)
    return [key, { type: given.text('type') ?? standard.type, name: given.text('name') ?? standard.name }]
  })
  return Object.fromEntries(tools)
}

/** Over a database of their own several gateways run, each of which holds less. */
function readCacheSize(settings: ConfigSections['settings']): number {
  const isMoat = settings.text('postgres.url') !== null
  const isGiven = settings.isGiven('process.skill_module_cache')
  return isMoat && !isGiven ? moatCacheSize : settings.number('process.skill_module_cache')
}

function readEntry(entry: unknown, index: number, report: Report): FunctionSkillConfig[] {
  const place = [...path, 'entries', index]
  const section = new Section(entry, place, report)
  const base = checkEntry(section.text('namespace') ?? '', section.text('path') ?? '', place, report)
  if (base === null) return []
  const runtime = section.text('runtime') ?? base.runtime
  const network = section.text('network') ?? 'deny'
  if (runtime !== 'python' && runtime !== 'node') {
    report.warn([...place, 'runtime'], 'this should be python or node; the entry is left out')
    return []
  }
  if (network !== 'deny' && network !== 'allow') {
    report.warn([...place, 'network'], 'this should be deny or allow; the network is denied')
  }
  return [
    {
      ...base,
      runtime,
      include: section.textList('include'),
      exclusiveGroup: section.text('exclusive_group'),
      timeoutMs: Math.min(longestTimeoutMs, section.count('timeout_ms') || base.timeoutMs),
      memoryMb: Math.max(32, section.count('memory_mb') ?? base.memoryMb),
      network: network === 'allow' ? 'allow' : 'deny',
      env: section.textList('env'),
      read: section.textList('read').map((folder) => resolve(folder)),
    },
  ]
}

function readShortForm(pair: string, report: Report): FunctionSkillConfig[] {
  const [namespace = '', written = ''] = pair.split(/=(.*)/s).map((part) => part.trim())
  const entry = checkEntry(namespace, written, path, report)
  return entry === null ? [] : [entry]
}

/** An entry with every default; null, and reported, when it names no namespace or path. */
function checkEntry(
  namespace: string,
  written: string,
  place: readonly (string | number)[],
  report: Report,
): FunctionSkillConfig | null {
  if (!namespacePattern.test(namespace) || namespace.length > 255 || namespace.endsWith('__all')) {
    report.warn(
      place,
      `${JSON.stringify(namespace)} is no namespace (names with dots between them); the entry is left out`,
    )
    return null
  }
  if (written === '') {
    report.warn(place, `${namespace} has no path to its modules; the entry is left out`)
    return null
  }
  return {
    namespace,
    path: resolve(written),
    runtime: /\.[mc]?[jt]s$/.test(written) ? 'node' : 'python',
    include: [],
    exclusiveGroup: null,
    timeoutMs: 10_000,
    memoryMb: 256,
    network: 'deny',
    env: [],
    read: [],
  }
}
