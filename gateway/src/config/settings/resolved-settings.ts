import { allSettings, variableNames } from '../registry/environment-registry.ts'
import { isTreeSetting, type Setting } from '../registry/setting.ts'
import type { Report } from '../report.ts'
import type { Environment } from '../source/interpolate.ts'
import { isNothing, isRecord, type UnknownRecord } from '../values/coerce.ts'
import { isLiteLlmPath, parseSetting } from './parse-setting.ts'

export interface SettingSources {
  /** Values given on the command line, by setting id. */
  readonly flags: ReadonlyMap<string, unknown>
  /** Values that count before all others, by setting id. */
  readonly overrides: ReadonlyMap<string, unknown>
  readonly env: Environment
  readonly root: UnknownRecord
  readonly report: Report
}

/** Every registered setting with its effective value; asking for an unknown id or another type is a mistake here. */
export class ResolvedSettings {
  readonly #values = new Map<string, unknown>()
  readonly #sources = new Map<string, string>()
  readonly #overrides: ReadonlyMap<string, unknown>

  constructor(sources: SettingSources) {
    this.#overrides = sources.overrides
    for (const setting of allSettings) {
      const found = findValue(setting, sources)
      const value =
        found === null ? undefined : parseSetting(setting, found.value, found.source, sources.report)
      if (found !== null && value !== undefined) this.#sources.set(setting.id, found.source)
      this.#values.set(setting.id, value ?? setting.default)
    }
  }

  /** True when something other than the default supplied the value. */
  isGiven(id: string): boolean {
    return this.#sources.has(id)
  }

  /** True when what admins set over the API supplied the value. */
  isOverridden(id: string): boolean {
    return this.#overrides.has(id)
  }

  /** True when a LiteLLM section of the file supplied the value. */
  isFromFile(id: string): boolean {
    return isLiteLlmPath(this.#sources.get(id) ?? '')
  }

  boolean(id: string): boolean {
    return this.#value(id) === true
  }

  number(id: string): number {
    const value = this.#value(id)
    if (typeof value !== 'number') throw new TypeError(`setting ${id} is not a number`)
    return value
  }

  text(id: string): string | null {
    const value = this.#value(id)
    return typeof value === 'string' ? value : null
  }

  list(id: string): readonly string[] {
    const value = this.#value(id)
    if (!Array.isArray(value)) throw new TypeError(`setting ${id} is not a list`)
    return value
  }

  /** What a setting holds, whatever its type. */
  value(id: string): unknown {
    return this.#value(id)
  }

  /** What a setting of type `json` holds, unchecked; null when nothing is given. */
  json(id: string): unknown {
    return this.#value(id) ?? null
  }

  #value(id: string): unknown {
    if (!this.#values.has(id)) throw new TypeError(`setting ${id} is not registered`)
    return this.#values.get(id)
  }
}

interface FoundValue {
  readonly value: unknown
  /** A variable name, a path in the file, or the flag's setting. */
  readonly source: string
}

/** Override, then flag, then LiteLLM file value, then variables in order of precedence, then the `routeiq:` block. */
function findValue(setting: Setting, sources: SettingSources): FoundValue | null {
  const flag = sources.overrides.get(setting.id) ?? sources.flags.get(setting.id)
  if (flag !== undefined) return { value: flag, source: setting.id }
  for (const path of setting.file) {
    const value = readPath(sources.root, path)
    if (!isNothing(value)) return { value, source: path }
  }
  const names = variableNames(setting)
  const set = names.filter((name) => isSet(sources.env, name))
  if (set[0] !== undefined) return { value: sources.env[set[0]], source: set[0] }
  if (!isTreeSetting(setting)) return null
  const value = readPath(sources.root, `routeiq.${setting.id}`)
  return isNothing(value) ? null : { value, source: `routeiq.${setting.id}` }
}

/** An empty variable counts as unset, except where empty means "none allowed". */
export function isSet(env: Environment, name: string): boolean {
  const value = env[name]
  return value !== undefined && (value !== '' || name === 'LLMROUTER_PLUGINS_ALLOWLIST')
}

function readPath(root: UnknownRecord, path: string): unknown {
  let node: unknown = root
  for (const part of path.split('.')) node = isRecord(node) ? node[part] : undefined
  return node
}
