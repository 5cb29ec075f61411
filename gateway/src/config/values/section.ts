import type { Path, Report } from '../report.ts'
import { isNothing, isRecord, splitList, toBoolean, toNumber, toText, type UnknownRecord } from './coerce.ts'

/** Reads the members of one map of the configuration with coercion; a wrong type is reported and reads as null. */
export class Section {
  readonly values: UnknownRecord
  readonly path: Path
  readonly #report: Report

  constructor(value: unknown, path: Path, report: Report) {
    this.values = isRecord(value) ? value : {}
    this.path = path
    this.#report = report
    if (!isRecord(value) && !isNothing(value)) report.warn(path, 'this should be a map; it is ignored')
  }

  boolean(key: string): boolean | null {
    return this.#read(key, toBoolean, 'true or false')
  }

  number(key: string): number | null {
    return this.#read(key, toNumber, 'a number')
  }

  /** A number that is not negative. */
  amount(key: string): number | null {
    return this.#read(key, (value) => notNegative(toNumber(value)), 'a number of at least 0')
  }

  count(key: string): number | null {
    return this.#read(
      key,
      (value) => wholeNumber(notNegative(toNumber(value))),
      'a whole number of at least 0',
    )
  }

  /** Seconds in the file, milliseconds here. */
  milliseconds(key: string): number | null {
    const seconds = this.#read(key, (value) => notNegative(toNumber(value)), 'a number of seconds')
    return seconds === null ? null : Math.round(seconds * 1000)
  }

  text(key: string): string | null {
    return this.#read(key, toText, 'text')
  }

  /** A list of texts, or one text (split at commas). */
  textList(key: string): readonly string[] {
    return this.#read(key, toTextList, 'a list of texts') ?? []
  }

  record(key: string): UnknownRecord {
    return this.#read(key, (value) => (isRecord(value) ? value : undefined), 'a map') ?? {}
  }

  list(key: string): readonly unknown[] {
    return this.#read(key, (value) => (Array.isArray(value) ? value : undefined), 'a list') ?? []
  }

  section(key: string): Section {
    return new Section(this.values[key], [...this.path, key], this.#report)
  }

  #read<Value>(key: string, convert: (value: unknown) => Value | undefined, expected: string): Value | null {
    const value = this.values[key]
    if (isNothing(value)) return null
    const converted = convert(value)
    if (converted !== undefined) return converted
    this.#report.warn([...this.path, key], `this should be ${expected}; it is ignored`)
    return null
  }
}

function notNegative(value: number | undefined): number | undefined {
  return value !== undefined && value >= 0 ? value : undefined
}

function wholeNumber(value: number | undefined): number | undefined {
  return value === undefined || Number.isInteger(value) ? value : undefined
}

function toTextList(value: unknown): string[] | undefined {
  if (typeof value === 'string') return splitList(value)
  if (!Array.isArray(value)) return undefined
  return value.filter((item) => !isNothing(item)).flatMap((item) => toText(item) ?? [])
}
