import {
  and,
  asc,
  count,
  desc,
  eq,
  gt,
  inArray,
  isNotNull,
  isNull,
  lte,
  or,
  type SQL,
  sql,
} from 'drizzle-orm'
import { type QuotaLimit, quotaExceeded } from '../../quotas/quota.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'
import { keyDigests, retiredKeys, virtualKeys } from '../database/schema.ts'
import type { KeyPrincipal, KeyQuery, KeyRecord, KeySelector, KeyStore } from '../key-store.ts'
import { findOwners } from './find-owners.ts'
import { requireThroughput } from './require-throughput.ts'

type StoredKey = typeof virtualKeys.$inferSelect

/** The key store over SQL. `now` stamps `createdAt` and `updatedAt`. */
export function createSqlKeyStore(database: Database, now: () => number): KeyStore {
  const { sql: db } = database
  const findOne = async (condition: SQL): Promise<KeyRecord | null> => {
    const [row] = await guardQuery(db.select().from(virtualKeys).where(condition).limit(1))
    return row === undefined ? null : toRecord(row)
  }
  const complete = async (key: KeyRecord, retiresAt: number | null): Promise<KeyPrincipal> => {
    const accounts = readAccounts(key.settings['minted_from'])
    const makers = accounts.length === 0 ? [] : await findMakers(accounts)
    return { key, makers, retiresAt, ...(await findOwners(database, key, makers)) }
  }
  const findMakers = async (accounts: readonly string[]): Promise<readonly KeyRecord[]> => {
    const rows = await guardQuery(db.select().from(virtualKeys).where(isAccount(accounts)))
    return rows.map(toRecord).sort((one, other) => one.createdAt - other.createdAt)
  }
  return {
    async create(key, limit = null, shares = []) {
      const createdAt = new Date(now())
      const values = { ...key, expiresAt: toDate(key.expiresAt), createdAt, updatedAt: createdAt }
      const insert = (on: Pick<Database['sql'], 'insert'>): Promise<StoredKey> =>
        onlyRow(on.insert(virtualKeys).values(values).returning())
      if (limit === null && shares.length === 0) return toRecord(await insert(db))
      const created = db.transaction(async (transaction) => {
        if (limit !== null) await requireRoom(transaction, key.organizationId, limit)
        await requireThroughput(transaction, shares, key.tokenHash, createdAt)
        return insert(transaction)
      })
      return toRecord(await guardQuery(created))
    },
    findByHash: (tokenHash) => findOne(eq(virtualKeys.tokenHash, tokenHash)),
    async findPrincipal(tokenHash) {
      const key = await findOne(eq(virtualKeys.tokenHash, tokenHash))
      if (key !== null) return complete(key, null)
      const [retired] = await guardQuery(
        db
          .select()
          .from(retiredKeys)
          .where(and(eq(retiredKeys.tokenHash, tokenHash), gt(retiredKeys.validUntil, new Date(now())))),
      )
      if (retired === undefined) return null
      const successor = await findOne(eq(virtualKeys.tokenHash, retired.successor))
      return successor === null ? null : complete(successor, retired.validUntil.getTime())
    },
    completePrincipal: (key) => complete(key, null),
    async addSpender(accounts, tokenHash) {
      const minted = sql`coalesce(${virtualKeys.settings} -> 'minted_hashes', '[]'::jsonb) || to_jsonb(${tokenHash}::text)`
      const settings = sql`${virtualKeys.settings} || jsonb_build_object('minted_hashes', ${minted})`
      const rows = await guardQuery(
        db
          .update(virtualKeys)
          .set({ settings })
          .where(isAccount(accounts))
          .returning({ hash: virtualKeys.tokenHash }),
      )
      return rows.map(({ hash }) => hash)
    },
    async resetSpend(at) {
      const settings = sql`${virtualKeys.settings} || jsonb_build_object('spend', 0, 'spend_set_at', ${at}::bigint)`
      const rows = await guardQuery(
        db
          .update(virtualKeys)
          .set({ settings, updatedAt: new Date(at) })
          .returning({ hash: virtualKeys.tokenHash }),
      )
      return rows.map(({ hash }) => hash)
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
    async update(tokenHash, changes, shares = []) {
      const { expiresAt, settings, ...plain } = changes
      const values = {
        ...plain,
        ...(expiresAt === undefined ? {} : { expiresAt: toDate(expiresAt) }),
        ...(settings === undefined
          ? {}
          : { settings: sql`${virtualKeys.settings} || ${JSON.stringify(settings)}::jsonb` }),
        updatedAt: new Date(now()),
      }
      const change = (on: Pick<Database['sql'], 'update'>): Promise<StoredKey[]> =>
        on.update(virtualKeys).set(values).where(eq(virtualKeys.tokenHash, tokenHash)).returning().execute()
      const changed =
        shares.length === 0
          ? change(db)
          : db.transaction(async (transaction) => {
              await requireThroughput(transaction, shares, tokenHash, values.updatedAt)
              return change(transaction)
            })
      const [row] = await guardQuery(changed)
      return row === undefined ? null : toRecord(row)
    },
    async findHandover(tokenHash) {
      const { successor, validUntil, handover } = retiredKeys
      const [row] = await guardQuery(
        db
          .select()
          .from(retiredKeys)
          .where(and(eq(successor, tokenHash), gt(validUntil, new Date(now())), isNotNull(handover)))
          .orderBy(desc(validUntil))
          .limit(1),
      )
      if (row === undefined || row.handover === null) return null
      return { retiredHash: row.tokenHash, sealed: row.handover, validUntil: row.validUntil.getTime() }
    },
    async listRotating(after, limit) {
      const { blocked, expiresAt, tokenHash } = virtualKeys
      const rows = await guardQuery(
        db
          .select()
          .from(virtualKeys)
          .where(
            and(
              isRotating,
              eq(blocked, false),
              or(isNull(expiresAt), gt(expiresAt, new Date(now()))),
              gt(tokenHash, after),
            ),
          )
          .orderBy(tokenHash)
          .limit(limit),
      )
      return rows.map(toRecord)
    },
    async regenerate(tokenHash, { validUntil, settings, handover, ...successor }) {
      const changed = db.transaction(async (transaction) => {
        const values = {
          ...successor,
          settings: sql`${virtualKeys.settings} || ${JSON.stringify(settings)}::jsonb`,
          updatedAt: new Date(now()),
        }
        const [row] = await transaction
          .update(virtualKeys)
          .set(values)
          .where(and(eq(virtualKeys.tokenHash, tokenHash), handover === null ? undefined : isRotating))
          .returning()
        if (row !== undefined) await addDigest(transaction, row)
        // What waited for its holder until now is no key any more.
        if (row !== undefined)
          await transaction
            .update(retiredKeys)
            .set({ handover: null })
            .where(eq(retiredKeys.successor, successor.tokenHash))
        const isOver = and(
          eq(retiredKeys.successor, successor.tokenHash),
          lte(retiredKeys.validUntil, new Date(now())),
        )
        if (row !== undefined) await transaction.delete(retiredKeys).where(isOver)
        if (row !== undefined && validUntil !== null) {
          const until = new Date(validUntil)
          const retired = { tokenHash, successor: successor.tokenHash, validUntil: until, handover }
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

/** Written as the index has it. */
const isRotating = sql`${virtualKeys.settings} @> '{"auto_rotate": true}'`

/** What is spent under a digest counts for the first one the key had. */
async function addDigest(
  db: Pick<Database['sql'], 'insert'>,
  { tokenHash, settings }: { readonly tokenHash: string; readonly settings: KeyRecord['settings'] },
): Promise<void> {
  const [account] = readAccounts(settings['former_hashes'])
  if (account !== undefined && account !== tokenHash)
    await db.insert(keyDigests).values({ account, digest: tokenHash }).onConflictDoNothing()
}

/** Keys by the first digest they had. */
function isAccount(accounts: readonly string[]): SQL | undefined {
  const first = sql`${virtualKeys.settings} -> 'former_hashes' ->> 0`
  return or(inArray(virtualKeys.tokenHash, [...accounts]), inArray(first, [...accounts]))
}

const readAccounts = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((account): account is string => typeof account === 'string') : []

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
