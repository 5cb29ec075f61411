/** A parsed JSON object whose members have not been checked. */
export type JsonRecord = Readonly<Record<string, unknown>>

/** The value as an object, null for anything else (arrays included). */
export function readRecord(value: unknown): JsonRecord | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonRecord) : null
}

/** The value as a list, empty for anything else. */
export function readList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** The objects among the members of a list. */
export function readRecords(value: unknown): JsonRecord[] {
  return Array.isArray(value) ? value.map(readRecord).filter((member) => member !== null) : []
}

export function readString(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

/** The value as a string with at least one character. */
export function readText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

export function readNumber(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}

/** The parsed text, undefined when it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
