import { and, asc, count, desc, eq, gt, inArray, isNotNull, isNull, or, type SQL, sql } from 'drizzle-orm'
import { type QuotaLimit, quotaExceeded } from '../../quotas/quota.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'
import { retiredKeys, virtualKeys } from '../database/schema.ts'
import type { KeyQuery, KeyRecord, KeySelector, KeyStore } from '../key-store.ts'
import { findOwners } from './find-owners.ts'

type StoredKey = typeof virtualKeys.$inferSelect

/** The key store over SQL. `now` stamps `createdAt` and `updatedAt`. */
export function createSqlKeyStore(database: Database, now: () => number): KeyStore {
  const { sql: db } = database
  const findOne = async (condition: SQL): Promise<KeyRecord | null> => {
    const [row] = await guardQuery(db.select().from(virtualKeys).where(condition).limit(1))
    return row === undefined ? null : toRecord(row)
  }
  return {
    async create(key, limit = null) {
      const createdAt = new Date(now())
      const values = { ...key, expiresAt: toDate(key.expiresAt), createdAt, updatedAt: createdAt }
      const insert = (on: Pick<Database['sql'], 'insert'>): Promise<StoredKey> =>
        onlyRow(on.insert(virtualKeys).values(values).returning())
      if (limit === null) return toRecord(await insert(db))
      const created = db.transaction(async (transaction) => {
        await requireRoom(transaction, key.organizationId, limit)
        return insert(transaction)
      })
      return toRecord(await guardQuery(created))
    },
    findByHash: (tokenHash) => findOne(eq(virtualKeys.tokenHash, tokenHash)),
    async findPrincipal(tokenHash) {
      const key = await findOne(eq(virtualKeys.tokenHash, tokenHash))
      if (key !== null) return { key, retiresAt: null, ...(await findOwners(database, key)) }
      const [retired] = await guardQuery(
        db
          .select()
          .from(retiredKeys)
          .where(and(eq(retiredKeys.tokenHash, tokenHash), gt(retiredKeys.validUntil, new Date(now())))),
      )
      if (retired === undefined) return null
      const successor = await findOne(eq(virtualKeys.tokenHash, retired.successor))
      if (successor === null) return null
      const owners = await findOwners(database, successor)
      return { key: successor, retiresAt: retired.validUntil.getTime(), ...owners }
    },
    async countGoverned() {
      const isGoverned = sql`${virtualKeys.settings} ? 'key_governance' AND jsonb_typeof(${virtualKeys.settings}->'key_governance') = 'object'`
      const [counted] = await guardQuery(db.select({ total: count() }).from(virtualKeys).where(isGoverned))
      return counted?.total ?? 0
    },
    findByAlias: (keyAlias) => findOne(eq(virtualKeys.keyAlias, keyAlias)),
    async list(query) {
      const condition = matching(query)
      const page = db.select().from(virtualKeys).where(condition)
      const rows = await guardQuery(
        page
          .orderBy(...ordering(query))
          .limit(query.size)
          .offset((query.page - 1) * query.size),
      )
      const [counted] = await guardQuery(db.select({ total: count() }).from(virtualKeys).where(condition))
      return { records: rows.map(toRecord), total: counted?.total ?? 0 }
    },
    async update(tokenHash, changes) {
      const { expiresAt, settings, ...plain } = changes
      const values = {
        ...plain,
        ...(expiresAt === undefined ? {} : { expiresAt: toDate(expiresAt) }),
        ...(settings === undefined
          ? {}
          : { settings: sql`${virtualKeys.settings} || ${JSON.stringify(settings)}::jsonb` }),
        updatedAt: new Date(now()),
      }
      const [row] = await guardQuery(
        db.update(virtualKeys).set(values).where(eq(virtualKeys.tokenHash, tokenHash)).returning(),
      )
      return row === undefined ? null : toRecord(row)
    },
    async regenerate(tokenHash, { validUntil, settings, ...successor }) {
      const changed = db.transaction(async (transaction) => {
        const values = {
          ...successor,
          settings: sql`${virtualKeys.settings} || ${JSON.stringify(settings)}::jsonb`,
          updatedAt: new Date(now()),
        }
        const [row] = await transaction
          .update(virtualKeys)
          .set(values)
          .where(eq(virtualKeys.tokenHash, tokenHash))
          .returning()
        if (row !== undefined && validUntil !== null) {
          const retired = { tokenHash, successor: successor.tokenHash, validUntil: new Date(validUntil) }
          await transaction.insert(retiredKeys).values(retired)
        }
        return row
      })
      const row = await guardQuery(changed)
      return row === undefined ? null : toRecord(row)
    },
    async aliases(query) {
      const condition = and(isNotNull(virtualKeys.keyAlias), matching(query))
      const alias = virtualKeys.keyAlias
      const rows = await guardQuery(db.select({ alias }).from(virtualKeys).where(condition).orderBy(alias))
      return rows.flatMap((row) => row.alias ?? [])
    },
    async delete(selector) {
      const rows = await guardQuery(db.delete(virtualKeys).where(selected(selector)).returning())
      return rows.map(toRecord)
    },
  }
}

/** Of those who make keys of one organisation at once, one counts at a time. */
async function requireRoom(
  db: Pick<Database['sql'], 'execute' | 'select'>,
  organizationId: string | null,
  limit: QuotaLimit,
): Promise<void> {
  await db.execute(
    sql`SELECT pg_advisory_xact_lock(hashtextextended(${`keys of ${organizationId ?? ''}`}, 0))`,
  )
  const ofSame =
    organizationId === null
      ? isNull(virtualKeys.organizationId)
      : eq(virtualKeys.organizationId, organizationId)
  const [counted] = await db.select({ total: count() }).from(virtualKeys).where(ofSame)
  const used = counted?.total ?? 0
  if (used >= limit.limit) throw quotaExceeded(limit, used)
}

function matching(query: Omit<KeyQuery, 'page' | 'size'>): SQL | undefined {
  const { orTeams } = query
  const ofUser = query.userId === undefined ? undefined : eq(virtualKeys.userId, query.userId)
  const ofTeams = orTeams === undefined ? undefined : inArray(virtualKeys.teamId, [...orTeams])
  const wanted = [
    [virtualKeys.teamId, query.teamId],
    [virtualKeys.organizationId, query.organizationId],
    [virtualKeys.keyAlias, query.keyAlias],
    [virtualKeys.tokenHash, query.tokenHash],
  ] as const
  const rest = wanted.map(([column, value]) => (value === undefined ? undefined : eq(column, value)))
  const minted =
    query.mintedBy === undefined
      ? undefined
      : sql`${virtualKeys.settings} ->> 'minted_by' = ${query.mintedBy}`
  return and(or(ofUser, ofTeams), minted, ...rest)
}

/** The digest breaks ties, so that pages neither repeat nor miss a key. */
function ordering(query: KeyQuery): SQL[] {
  const column = virtualKeys[query.sortBy ?? 'createdAt']
  const direct = query.sortOrder === 'asc' ? asc : desc
  return [direct(column), direct(virtualKeys.tokenHash)]
}

function selected(selector: KeySelector): SQL {
  if ('tokenHashes' in selector) return inArray(virtualKeys.tokenHash, [...selector.tokenHashes])
  if ('keyAliases' in selector) return inArray(virtualKeys.keyAlias, [...selector.keyAliases])
  return inArray(virtualKeys[selector.ownedBy], [...selector.ids])
}

function toRecord(row: StoredKey): KeyRecord {
  return {
    ...row,
    expiresAt: row.expiresAt === null ? null : row.expiresAt.getTime(),
    createdAt: row.createdAt.getTime(),
    updatedAt: row.updatedAt.getTime(),
  }
}

const toDate = (time: number | null): Date | null => (time === null ? null : new Date(time))

async function onlyRow(query: PromiseLike<StoredKey[]>): Promise<StoredKey> {
  const [row] = await guardQuery(query)
  if (row === undefined) throw new Error('The database returned no row for an insert')
  return row
}
