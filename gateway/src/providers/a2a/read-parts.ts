import { readRecords, readText } from '../../conversation/json-value.ts'

/** The text of a message or an artifact: its text parts, the addresses of its files, its data as JSON. */
export function readParts(parts: unknown): string {
  return readRecords(parts)
    .map((part) => {
      const text = readText(part['text']) ?? readText(part['url'])
      if (text !== null) return text
      return part['data'] === undefined || part['data'] === null ? '' : JSON.stringify(part['data'])
    })
    .filter((text) => text !== '')
    .join('\n')
}
