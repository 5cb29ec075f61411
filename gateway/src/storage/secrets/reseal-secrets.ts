import { isSealedSecret, type KeyRing } from '../../secrets/key-ring.ts'
import { nameRow, type SealedColumn, sealedColumns } from '../../secrets/sealed-columns.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'

const pageRows = 500

/** Of one table: secrets that now have the first key, and those that no key opens. */
export interface ResealedTable {
  readonly table: string
  readonly resealed: number
  readonly unreadable: number
  /** Unreadable ones that were removed with their rows. */
  readonly dropped: number
}

export interface ResealOptions {
  /** Removes the rows of secrets that no key opens. */
  readonly dropsUnreadable: boolean
}

interface Row {
  readonly values: readonly string[]
  readonly content: unknown
}

/**
 * Seals everything anew that is not sealed with the first key of the ring. Gateways may run meanwhile: a row that changes
 * under the command keeps what was written last.
 */
export async function resealSecrets(
  database: Database,
  ring: KeyRing,
  { dropsUnreadable }: ResealOptions,
): Promise<readonly ResealedTable[]> {
  const tables: ResealedTable[] = []
  for (const column of sealedColumns) {
    const counts = { resealed: 0, unreadable: 0, dropped: 0 }
    for await (const row of readRows(database, column, staleCondition(column, ring))) {
      const next = resealContent(column, ring, row)
      if (next === row.content) continue
      if (next !== null) counts.resealed += await replace(database, column, row, next)
      else if (dropsUnreadable) counts.dropped += await drop(database, column, row)
      else counts.unreadable++
    }
    tables.push({ table: column.table, ...counts })
  }
  return tables
}

/** A row with its content under the first key; the same content where it is so already, null where no key opens it. */
function resealContent({ table, kind }: SealedColumn, ring: KeyRing, { values, content }: Row): unknown {
  const place = { table, row: nameRow(values) }
  const current = ring.currentPrefix
  let isUnreadable = false
  let hasChanged = false
  const reseal = (text: string): string => {
    if (current !== null && text.startsWith(current)) return text
    const secret = isSealedSecret(text) ? ring.open(place, text) : text
    isUnreadable ||= secret === null
    hasChanged = true
    return secret === null ? text : ring.seal(place, secret)
  }
  const next = kind === 'text' ? reseal(String(content)) : mapEnvelopes(content, reseal)
  if (isUnreadable) return null
  return hasChanged ? next : content
}

/** What was found in a database about the keys of a gateway. */
export interface SecretsReport {
  /** Tables with secrets that none of the keys opens, and how many. */
  readonly unreadable: ReadonlyMap<string, number>
  readonly hasSecrets: boolean
}

/** Looks for secrets that the ring cannot open. What is replaceable is not looked at, nor tables that are not there yet. */
export async function inspectSecrets(database: Database, ring: KeyRing): Promise<SecretsReport> {
  const unreadable = new Map<string, number>()
  let hasSecrets = false
  const tables = await listTables(database)
  for (const column of sealedColumns) {
    if (column.isReplaceable === true || !tables.has(column.table)) continue
    hasSecrets ||= await hasSealed(database, column)
    for await (const row of readRows(database, column, foreignCondition(column, ring))) {
      if (!canOpen(column, ring, row)) unreadable.set(column.table, (unreadable.get(column.table) ?? 0) + 1)
    }
  }
  return { unreadable, hasSecrets }
}

function canOpen({ table, kind }: SealedColumn, ring: KeyRing, { values, content }: Row): boolean {
  const place = { table, row: nameRow(values) }
  const opens = (text: string): boolean =>
    ring.knownPrefixes.some((prefix) => text.startsWith(prefix)) || ring.open(place, text) !== null
  if (kind === 'text') return opens(String(content))
  let isReadable = true
  mapEnvelopes(content, (text) => {
    isReadable &&= opens(text)
    return text
  })
  return isReadable
}

interface Condition {
  readonly text: string
  readonly values: readonly unknown[]
}

function staleCondition({ column, kind, wasOpen }: SealedColumn, ring: KeyRing): Condition {
  if (kind === 'json') return { text: `${column}::text LIKE '%riq_.%'`, values: [] }
  const sealed = wasOpen === true ? '' : ` AND ${column} LIKE 'riq_.%'`
  return { text: `${column} NOT LIKE $1${sealed}`, values: [`${ring.currentPrefix ?? '-'}%`] }
}

function foreignCondition({ column, kind }: SealedColumn, ring: KeyRing): Condition {
  if (kind === 'json') return { text: `${column}::text LIKE '%riq_.%'`, values: [] }
  const known = ring.knownPrefixes.map((prefix) => `${prefix}%`)
  return { text: `${column} LIKE 'riq_.%' AND NOT ${column} LIKE ANY($1::text[])`, values: [known] }
}

async function listTables({ pool }: Database): Promise<ReadonlySet<string>> {
  const text = 'SELECT tablename FROM pg_tables WHERE schemaname = current_schema()'
  const { rows } = await guardQuery(pool.query<{ tablename: string }>(text))
  return new Set(rows.map(({ tablename }) => tablename))
}

async function hasSealed({ pool }: Database, { table, column }: SealedColumn): Promise<boolean> {
  const text = `SELECT FROM ${table} WHERE ${column}::text LIKE '%riq_.%' LIMIT 1`
  return (await guardQuery(pool.query(text))).rowCount === 1
}

/** Rows in the order of their names, page by page. */
async function* readRows(
  { pool }: Database,
  { table, row, column }: SealedColumn,
  condition: Condition,
): AsyncGenerator<Row> {
  const names = row.join(', ')
  const next = row.map((_, at) => `$${condition.values.length + at + 1}`).join(', ')
  let after: readonly string[] | null = null
  while (true) {
    const place: string = after === null ? '' : ` AND (${names}) > (${next})`
    const text: string = `
      SELECT ARRAY[${row.map((name) => `${name}::text`).join(', ')}] AS values, ${column} AS content
      FROM ${table} WHERE ${condition.text}${place} ORDER BY ${names} LIMIT ${pageRows}`
    const values: unknown[] = [...condition.values, ...(after ?? [])]
    const { rows }: { rows: Row[] } = await guardQuery(pool.query<Row>(text, values))
    yield* rows
    const last = rows.at(-1)
    if (last === undefined || rows.length < pageRows) return
    after = last.values
  }
}

/** How many rows were changed: none when it is not any more what was read. */
async function replace(
  { pool }: Database,
  { table, row, column, kind }: SealedColumn,
  { values, content }: Row,
  next: unknown,
): Promise<number> {
  const at = row.length
  const cast = kind === 'json' ? '::jsonb' : ''
  const text = `UPDATE ${table} SET ${column} = $${at + 1}${cast} WHERE ${sameRow(row)} AND ${column} = $${at + 2}${cast}`
  const encode = (value: unknown): unknown => (kind === 'json' ? JSON.stringify(value) : value)
  return (await guardQuery(pool.query(text, [...values, encode(next), encode(content)]))).rowCount ?? 0
}

async function drop({ pool }: Database, { table, row }: SealedColumn, { values }: Row): Promise<number> {
  const text = `DELETE FROM ${table} WHERE ${sameRow(row)}`
  return (await guardQuery(pool.query(text, [...values]))).rowCount ?? 0
}

const sameRow = (row: readonly string[]): string =>
  row.map((name, at) => `${name}::text = $${at + 1}`).join(' AND ')

/** A document with each envelope in it replaced. */
function mapEnvelopes(value: unknown, replaceOne: (text: string) => string): unknown {
  if (typeof value === 'string') return isSealedSecret(value) ? replaceOne(value) : value
  if (Array.isArray(value)) return value.map((member) => mapEnvelopes(member, replaceOne))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, mapEnvelopes(member, replaceOne)]),
  )
}
