import type { Setting } from '../registry/setting.ts'
import type { Report } from '../report.ts'
import { isRecord, splitList, toBoolean, toNumber, toText } from '../values/coerce.ts'

/** The typed value of a setting; undefined, after a finding that names `source`, when it cannot be used. */
export function parseSetting(setting: Setting, value: unknown, source: string, report: Report): unknown {
  const parsed = convert(setting, value)
  if (parsed !== undefined) return parsed
  const message = `${source} should be ${expectation(setting)}`
  const path = source.includes('.') ? source.split('.') : source
  const isLenient = isLiteLlmPath(source) || setting.availability === 'planned'
  if (!isLenient || setting.type === 'json') report.fatal(path, message)
  else report.warn(path, `${message}; it is ignored`)
  return undefined
}

/** Values in LiteLLM's sections are forgiven; a wrong variable or `routeiq:` value is not. */
export function isLiteLlmPath(source: string): boolean {
  return /^(general|litellm|router)_settings\./.test(source)
}

function convert(setting: Setting, value: unknown): unknown {
  switch (setting.type) {
    case 'boolean':
      return toBoolean(value)
    case 'integer':
      return wholeNumber(toNumber(value))
    case 'number':
      return notNegative(toNumber(value))
    case 'list':
      return toList(value)
    case 'choice':
      return toChoice(setting.choices, value)
    case 'json':
      return toJson(value)
    default:
      return toText(value)
  }
}

function notNegative(value: number | undefined): number | undefined {
  return value !== undefined && value >= 0 ? value : undefined
}

function wholeNumber(value: number | undefined): number | undefined {
  return Number.isInteger(value) ? notNegative(value) : undefined
}

function toList(value: unknown): readonly string[] | undefined {
  if (typeof value === 'string') return splitList(value)
  return Array.isArray(value) ? value.flatMap((item) => toText(item) ?? []) : undefined
}

/** YAML 1.1 readers turn `off` into false; that is still the word `off`. */
function toChoice(choices: readonly string[], value: unknown): string | undefined {
  const word = value === false ? 'off' : String(value).toLowerCase()
  return choices.includes(word) ? word : undefined
}

function toJson(value: unknown): unknown {
  if (isRecord(value) || Array.isArray(value)) return value
  try {
    return JSON.parse(String(value)) ?? undefined
  } catch {
    return undefined
  }
}

function expectation(setting: Setting): string {
  const words: Record<Setting['type'], string> = {
    boolean: 'true or false',
    integer: 'a whole number of at least 0',
    number: 'a number of at least 0',
    list: 'a list, or texts separated by commas',
    choice: `one of ${setting.choices.join(', ')}`,
    json: 'JSON',
    text: 'text',
  }
  return words[setting.type]
}
