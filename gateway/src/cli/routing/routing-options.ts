import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { joinMatrices, type OutcomeMatrix, readMatrix } from '@routeiq/router'

/** The command line is wrong; the text says how. */
export class RoutingUsageError extends Error {}

type Values = Readonly<Record<string, string | undefined>>

/** Reads `--name value` flags of those names; the first `required` of them must be given. */
export function readOptions(
  argv: readonly string[],
  names: readonly string[],
  required: number,
): Readonly<Record<string, string>> {
  let values: Values
  try {
    const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]))
    values = parseArgs({ args: [...argv], options, allowPositionals: false }).values as Values
  } catch (error) {
    throw new RoutingUsageError((error as Error).message)
  }
  for (const name of names.slice(0, required))
    if (values[name] === undefined) throw new RoutingUsageError(`--${name} is missing`)
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

/** A number of at least 0; `standard` when it is not given. */
export function readAmount(options: Values, name: string, standard: number): number {
  const text = options[name]
  if (text === undefined) return standard
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new RoutingUsageError(`--${name} needs a number, not ${text}`)
  return value
}

/** A JSON object; empty when it is not given. */
export function readJsonMap(options: Values, name: string): Readonly<Record<string, unknown>> {
  const text = options[name]
  if (text === undefined) return {}
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>
  } catch {
    // Said below.
  }
  throw new RoutingUsageError(`--${name} needs a JSON object, not ${text}`)
}

/** Text of a file, unpacked when it is gzip. */
export function readText(path: string): string {
  const bytes = readFileSync(path)
  return (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('utf8')
}

/** The outcome matrices of files, joined, each with the `.meta.json` beside it where there is one; and their digest. */
export function readData(list: string): { readonly matrix: OutcomeMatrix; readonly digest: string } {
  const hash = createHash('sha256')
  const matrices = list.split(',').map((path) => {
    const text = readText(path)
    hash.update(text)
    const meta = path.replace(/\.jsonl(\.gz)?$/, '.meta.json')
    return readMatrix(text, existsSync(meta) ? (JSON.parse(readText(meta)) as { models: string[] }) : null)
  })
  return { matrix: joinMatrices(matrices), digest: hash.digest('hex') }
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}
