import { and, count, desc, eq, inArray, type SQL, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'
import { memberships, subjects } from '../database/schema.ts'
import type {
  MembershipRecord,
  SubjectKind,
  SubjectQuery,
  SubjectRecord,
  SubjectStore,
} from '../subject-store.ts'

/** The subject store over SQL. `now` stamps what is made and changed. */
export function createSqlSubjectStore(database: Database, now: () => number): SubjectStore {
  const { sql: db } = database
  const findWhere = async (condition: SQL | undefined): Promise<SubjectRecord[]> =>
    (await guardQuery(db.select().from(subjects).where(condition))).map(toSubject)
  return {
    async create(subject) {
      const at = new Date(now())
      const [row] = await guardQuery(
        db
          .insert(subjects)
          .values({ ...subject, createdAt: at, updatedAt: at })
          .returning(),
      )
      if (row === undefined) throw new Error('The database returned no row for an insert')
      return toSubject(row)
    },
    find: async (kind, id) => (await findWhere(isSubject(kind, id)))[0] ?? null,
    findMany: async (kind, ids) =>
      ids.length === 0 ? [] : findWhere(and(eq(subjects.kind, kind), inArray(subjects.id, [...ids]))),
    findUserByEmail: async (email) =>
      (
        await findWhere(
          and(eq(subjects.kind, 'user'), sql`lower(${subjects.settings}->>'user_email') = lower(${email})`),
        )
      )[0] ?? null,
    async list(kind, query) {
      const condition = matching(kind, query)
      const rows = await guardQuery(
        db
          .select()
          .from(subjects)
          .where(condition)
          .orderBy(desc(subjects.createdAt), desc(subjects.id))
          .limit(query.size)
          .offset((query.page - 1) * query.size),
      )
      const [counted] = await guardQuery(db.select({ total: count() }).from(subjects).where(condition))
      return { records: rows.map(toSubject), total: counted?.total ?? 0 }
    },
    async hasAny(kind) {
      const rows = await guardQuery(
        db.select({ id: subjects.id }).from(subjects).where(eq(subjects.kind, kind)).limit(1),
      )
      return rows.length > 0
    },
    async update(kind, id, { settings, metadata, ...plain }) {
      const values = {
        ...plain,
        ...(settings === undefined ? {} : { settings: merged(subjects.settings, settings) }),
        ...(metadata === undefined ? {} : { metadata: merged(subjects.metadata, metadata) }),
        updatedAt: new Date(now()),
      }
      const [row] = await guardQuery(db.update(subjects).set(values).where(isSubject(kind, id)).returning())
      return row === undefined ? null : toSubject(row)
    },
    async resetSpend(kind, at) {
      const settings = sql`${subjects.settings} || jsonb_build_object('spend', 0, 'spend_set_at', ${at}::bigint)`
      const rows = await guardQuery(
        db
          .update(subjects)
          .set({ settings, updatedAt: new Date(at) })
          .where(eq(subjects.kind, kind))
          .returning({ id: subjects.id }),
      )
      return rows.map(({ id }) => id)
    },
    async delete(kind, ids) {
      if (ids.length === 0) return []
      const deleted = db.transaction(async (transaction) => {
        await transaction.delete(memberships).where(belongsTo(kind, ids))
        return transaction
          .delete(subjects)
          .where(and(eq(subjects.kind, kind), inArray(subjects.id, [...ids])))
          .returning()
      })
      return (await guardQuery(deleted)).map(toSubject)
    },
    async addMember(member) {
      const at = new Date(now())
      const [row] = await guardQuery(
        db
          .insert(memberships)
          .values({ ...member, createdAt: at, updatedAt: at })
          .returning(),
      )
      if (row === undefined) throw new Error('The database returned no row for an insert')
      return toMembership(row)
    },
    async updateMember(member, { role, settings }) {
      const values = {
        ...(role === undefined ? {} : { role }),
        ...(settings === undefined ? {} : { settings: merged(memberships.settings, settings) }),
        updatedAt: new Date(now()),
      }
      const [row] = await guardQuery(db.update(memberships).set(values).where(isMember(member)).returning())
      return row === undefined ? null : toMembership(row)
    },
    async removeMember(member) {
      return (await guardQuery(db.delete(memberships).where(isMember(member)).returning())).length > 0
    },
    async membersOf(kind, groupIds) {
      if (groupIds.length === 0) return []
      const condition = and(eq(memberships.kind, kind), inArray(memberships.groupId, [...groupIds]))
      const rows = await guardQuery(
        db.select().from(memberships).where(condition).orderBy(memberships.createdAt, memberships.userId),
      )
      return rows.map(toMembership)
    },
    async membershipsOf(kind, userId) {
      const condition = and(eq(memberships.kind, kind), eq(memberships.userId, userId))
      return (await guardQuery(db.select().from(memberships).where(condition))).map(toMembership)
    },
  }
}

const isSubject = (kind: SubjectKind, id: string): SQL | undefined =>
  and(eq(subjects.kind, kind), eq(subjects.id, id))

const isMember = ({ kind, groupId, userId }: Pick<MembershipRecord, 'kind' | 'groupId' | 'userId'>) =>
  and(eq(memberships.kind, kind), eq(memberships.groupId, groupId), eq(memberships.userId, userId))

/** The memberships that end with these subjects. */
function belongsTo(kind: SubjectKind, ids: readonly string[]): SQL | undefined {
  if (kind === 'user') return inArray(memberships.userId, [...ids])
  return and(eq(memberships.kind, kind), inArray(memberships.groupId, [...ids]))
}

function merged(column: PgColumn, changes: object): SQL {
  return sql`${column} || ${JSON.stringify(changes)}::jsonb`
}

function matching(kind: SubjectKind, query: SubjectQuery): SQL | undefined {
  const { ids, organizationId, email, role, memberOf } = query
  const likeEmail = email?.toLowerCase().replace(/[\\%_]/g, '\\$&')
  return and(
    eq(subjects.kind, kind),
    ids === undefined ? undefined : inArray(subjects.id, [...ids]),
    organizationId === undefined ? undefined : eq(subjects.organizationId, organizationId),
    likeEmail === undefined
      ? undefined
      : sql`lower(${subjects.settings}->>'user_email') LIKE ${`%${likeEmail}%`}`,
    role === undefined ? undefined : sql`${subjects.settings}->>'user_role' = ${role}`,
    memberOf === undefined
      ? undefined
      : sql`EXISTS (SELECT 1 FROM ${memberships} WHERE ${memberships.userId} = ${subjects.id} AND ${memberships.kind} = 'team' AND ${memberships.groupId} = ${memberOf})`,
  )
}

export function toSubject(row: typeof subjects.$inferSelect): SubjectRecord {
  return {
    ...row,
    // The column is only written from a SubjectRecord.
    kind: row.kind as SubjectKind,
    createdAt: row.createdAt.getTime(),
    updatedAt: row.updatedAt.getTime(),
  }
}

export function toMembership(row: typeof memberships.$inferSelect): MembershipRecord {
  return {
    ...row,
    kind: row.kind as MembershipRecord['kind'],
    createdAt: row.createdAt.getTime(),
    updatedAt: row.updatedAt.getTime(),
  }
}
