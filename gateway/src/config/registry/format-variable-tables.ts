import { settingGroups, variableNames } from './environment-registry.ts'
import { isTreeSetting, type Setting } from './setting.ts'

/** The reference part of `docs/configuration.md`: one table per area, in Markdown. Ends without a newline. */
export function formatVariableTables(): string {
  return settingGroups.map(({ title, settings }) => formatGroup(title, settings)).join('\n\n')
}

function formatGroup(title: string, settings: readonly Setting[]): string {
  const isOpen = ({ availability }: Setting): boolean => availability === 'available'
  const parts = [`### ${title}`]
  const open = settings.filter(isOpen)
  const later = settings.filter((setting) => !isOpen(setting))
  if (open.length > 0) parts.push(formatTable(open))
  if (later.length > 0) parts.push('Accepted, not available yet:', formatTable(later))
  return parts.join('\n\n')
}

function formatTable(settings: readonly Setting[]): string {
  const head = '| Variables, first set wins | In the file | Type | Default | Meaning |\n|---|---|---|---|---|'
  return [head, ...settings.map(formatRow)].join('\n')
}

function formatRow(setting: Setting): string {
  const variables = variableNames(setting).map(code).join(', ')
  const type = setting.type === 'choice' ? setting.choices.map(code).join(', ') : setting.type
  const meaning = `${setting.meaning}${noteOn(setting)}`
  return `| ${[variables, fileForm(setting), type, formatDefault(setting.default), meaning].join(' | ')} |`
}

function fileForm(setting: Setting): string {
  const first = setting.file[0]
  if (first !== undefined) return `${code(first)} (wins)`
  return isTreeSetting(setting) ? code(`routeiq.${setting.id}`) : ''
}

function noteOn(setting: Setting): string {
  if (setting.availability === 'available') return setting.effect === 'none' ? ' (accepted, no effect)' : ''
  if (setting.offWords === null) return ''
  return setting.whenAsked === 'error' ? ' (using it stops the start)' : ' (using it warns)'
}

function formatDefault(value: unknown): string {
  if (value === null || value === '') return ''
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text === '[]' || text === '{}' ? '' : code(text)
}

function code(text: string): string {
  return `\`${text}\``
}
