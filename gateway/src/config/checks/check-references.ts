import type { FallbackTable, ModelAlias, ModelConfig, RoutingConfig } from '../config.ts'
import type { Path, Report } from '../report.ts'
import { type ConfigSections, sectionWith } from '../settings/config-sections.ts'

interface References {
  readonly models: readonly ModelConfig[]
  readonly aliases: ReadonlyMap<string, ModelAlias>
  readonly routing: RoutingConfig
}

/** Warns about fallbacks and aliases that name nothing. */
export function checkReferences({ models, aliases, routing }: References, sections: ConfigSections): void {
  const names = new Set([...models.flatMap((model) => [model.modelName, model.info.id]), ...aliases.keys()])
  const patterns = [...names].filter((name) => name.includes('*')).map(patternMatcher)
  const exists = (name: string): boolean => names.has(name) || patterns.some((matches) => matches(name))
  const pathOf = (key: string): Path => [...(sectionWith(sections, key)?.path ?? []), key]
  for (const [name, alias] of aliases) {
    if (exists(alias.model)) continue
    sections.report.warn([...pathOf('model_group_alias'), name], `there is no model ${alias.model}`)
  }
  const tables: [string, FallbackTable][] = [
    ['fallbacks', routing.fallbacks],
    ['context_window_fallbacks', routing.contextWindowFallbacks],
    ['content_policy_fallbacks', routing.contentPolicyFallbacks],
    ['default_fallbacks', new Map([['*', routing.defaultFallbacks]])],
  ]
  for (const [key, table] of tables) checkTable(pathOf(key), table, exists, sections.report)
}

function checkTable(
  path: Path,
  table: FallbackTable,
  exists: (name: string) => boolean,
  report: Report,
): void {
  for (const [group, targets] of table) {
    const groupPath = group === '*' ? path : [...path, group]
    if (group !== '*' && !exists(group)) report.warn(groupPath, `there is no model ${group}`)
    for (const target of targets) {
      const name = typeof target === 'string' ? target : target.model
      if (!exists(name)) report.warn(groupPath, `the fallback ${name} is no model of this configuration`)
    }
  }
}

/** Textual match without backtracking: the pieces between the `*` must follow each other. */
function patternMatcher(pattern: string): (name: string) => boolean {
  const pieces = pattern.split('*')
  const first = pieces[0] ?? ''
  const last = pieces.at(-1) ?? ''
  return (name) => {
    if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length)
      return false
    let position = first.length
    return pieces.slice(1, -1).every((piece) => {
      const found = name.indexOf(piece, position)
      position = found + piece.length
      return found >= 0 && position <= name.length - last.length
    })
  }
}
