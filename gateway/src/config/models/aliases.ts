import type { ModelAlias, ModelConfig } from '../config.ts'
import type { Path, Report } from '../report.ts'
import { type ConfigSections, sectionWith } from '../settings/config-sections.ts'
import { isRecord, toBoolean, toText } from '../values/coerce.ts'

/** `model_group_alias`: alias → model, or `{model, hidden}`. Aliases that only lead to each other are refused. */
export function readAliases(
  sections: ConfigSections,
  models: readonly ModelConfig[],
): ReadonlyMap<string, ModelAlias> {
  const section = sectionWith(sections, 'model_group_alias')
  const aliases = new Map<string, ModelAlias>()
  if (section === null) return aliases
  const path = [...section.path, 'model_group_alias']
  for (const [name, value] of Object.entries(section.record('model_group_alias'))) {
    const alias = readAlias(value)
    if (alias === null) sections.report.warn([...path, name], 'an alias should name a model; it is ignored')
    else aliases.set(name, alias)
  }
  checkAliases(aliases, new Set(models.map((model) => model.modelName)), path, sections.report)
  return aliases
}

function readAlias(value: unknown): ModelAlias | null {
  const model = isRecord(value) ? toText(value['model']) : (toText(value) ?? undefined)
  if (model === undefined || model === '') return null
  return { model, hidden: isRecord(value) && toBoolean(value['hidden']) === true }
}

function checkAliases(
  aliases: ReadonlyMap<string, ModelAlias>,
  modelNames: ReadonlySet<string>,
  path: Path,
  report: Report,
): void {
  for (const [name, alias] of aliases) {
    if (modelNames.has(name) || modelNames.has(alias.model)) continue
    const chain = followAlias(name, aliases, modelNames)
    if (chain !== null) report.fatal([...path, name], `the aliases lead in a circle: ${chain.join(' → ')}`)
    else if (aliases.has(alias.model)) {
      report.warn(
        [...path, name],
        `${alias.model} is itself an alias; aliases are followed once`,
        'name the model',
      )
    }
  }
}

/** The circle that starts at `name`, or null when the aliases end at a model or nowhere. */
function followAlias(
  name: string,
  aliases: ReadonlyMap<string, ModelAlias>,
  modelNames: ReadonlySet<string>,
): readonly string[] | null {
  const chain = [name]
  let target = aliases.get(name)?.model
  while (target !== undefined && !modelNames.has(target)) {
    const circle = chain.includes(target)
    chain.push(target)
    if (circle) return chain
    target = aliases.get(target)?.model
  }
  return null
}
