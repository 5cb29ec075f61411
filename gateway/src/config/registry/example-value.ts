import type { Setting } from './setting.ts'

/** A valid value unlike the default, as a variable holds it. */
export function exampleValue(setting: Setting): string {
  if (setting.example !== '') return setting.example
  switch (setting.type) {
    case 'boolean':
      return setting.default === true ? 'false' : 'true'
    case 'integer':
    case 'number':
      return String(Number(setting.default ?? 0) + 1)
    case 'choice':
      return setting.choices.find((choice) => choice !== setting.default) ?? ''
    case 'json':
      return '{}'
    default:
      return 'example'
  }
}
