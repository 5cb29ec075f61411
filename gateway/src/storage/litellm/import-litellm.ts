import type { PoolClient } from 'pg'
import type { ZodType } from 'zod'
import type { Database } from '../database/database.ts'
import { inTransaction } from '../database/transaction.ts'
import type { MembershipRecord, SubjectRecord } from '../subject-store.ts'
import {
  convertBudget,
  convertCustomer,
  convertKey,
  convertMembership,
  convertOrganization,
  convertTag,
  convertTeam,
  convertUser,
  listTeamMembers,
  type References,
} from './convert-rows.ts'
import { writeKeys, writeMemberships, writeSubjects } from './import-writer.ts'
import {
  aliasRow,
  budgetRow,
  customerRow,
  type KeyRow,
  keyRow,
  organizationMembershipRow,
  organizationRow,
  permissionRow,
  tagRow,
  teamMembershipRow,
  teamRow,
  userRow,
} from './litellm-rows.ts'
import type { LiteLlmSource } from './litellm-source.ts'

/** Keys of sessions of LiteLLM's own dashboard belong to this team; they end within a day. */
const dashboardTeam = 'litellm-dashboard'
const digest = /^[0-9a-f]{64}$/

interface KindReport {
  readonly found: number
  readonly imported: number
  /** There already, from an earlier import or made here; left as they are. */
  readonly existing: number
}

export interface ImportReport {
  readonly dryRun: boolean
  readonly kinds: Readonly<Record<string, KindReport>>
  /** Rows that were not taken, by why. */
  readonly skipped: Readonly<Record<string, number>>
  /** `keys.tpd_limit`: how many imported rows had a value there that has no place here. */
  readonly leftColumns: Readonly<Record<string, number>>
  /** Tables with rows that are not imported. */
  readonly leftTables: Readonly<Record<string, number>>
}

interface ImportOptions {
  /** Does everything and takes it back. */
  readonly dryRun: boolean
  readonly now: number
}

/**
 * Copies keys, users, teams, organizations, budgets, customers and tags of a LiteLLM database, all of them or nothing. What is
 * there already stays as it is, so that it may run again. Digests are the same in both, so keys go on working.
 */
export async function importLiteLlm(
  source: LiteLlmSource,
  database: Database,
  options: ImportOptions,
): Promise<ImportReport> {
  return inTransaction(database, async (client) => {
    await client.query('SAVEPOINT before_import')
    const report = await new Import(source, client, options).run()
    if (options.dryRun) await client.query('ROLLBACK TO SAVEPOINT before_import')
    return report
  })
}

/** One import under way, and what is counted of it. */
class Import {
  readonly #source: LiteLlmSource
  readonly #client: PoolClient
  readonly #options: ImportOptions
  readonly #kinds: Record<string, { found: number; imported: number; existing: number }> = {}
  readonly #skipped: Record<string, number> = {}
  readonly #leftColumns: Record<string, number> = {}
  readonly #tables = new Set<string>()

  constructor(source: LiteLlmSource, client: PoolClient, options: ImportOptions) {
    this.#source = source
    this.#client = client
    this.#options = options
  }

  async run(): Promise<ImportReport> {
    const references = await this.#readReferences()
    const toSubjects =
      <Row>(convert: (row: Row, references: References) => SubjectRecord) =>
      (rows: readonly Row[]): Promise<number> =>
        writeSubjects(
          this.#client,
          rows.map((row) => convert(row, references)),
        )
    await this.#copy('budgets', 'LiteLLM_BudgetTable', 'budget_id', budgetRow, toSubjects(convertBudget))
    await this.#copy(
      ...(['organizations', 'LiteLLM_OrganizationTable', 'organization_id'] as const),
      organizationRow,
      toSubjects(convertOrganization),
    )
    await this.#copyTeams(references)
    await this.#copyUsers(references)
    await this.#copyOrganizationMembers(references)
    await this.#copy('customers', 'LiteLLM_EndUserTable', 'user_id', customerRow, toSubjects(convertCustomer))
    await this.#copy('tags', 'LiteLLM_TagTable', 'tag_name', tagRow, toSubjects(convertTag))
    await this.#copyKeys(references)
    const counts = await this.#source.countRows()
    return {
      dryRun: this.#options.dryRun,
      ...{ kinds: this.#kinds, skipped: this.#skipped, leftColumns: this.#leftColumns },
      leftTables: Object.fromEntries([...counts].filter(([table]) => !this.#tables.has(table))),
    }
  }

  async #readReferences(): Promise<References> {
    const permissions = await this.#readAll(
      'LiteLLM_ObjectPermissionTable',
      'object_permission_id',
      permissionRow,
    )
    const aliases = await this.#readAll('LiteLLM_ModelTable', 'id', aliasRow)
    const budgets = await this.#readAll('LiteLLM_BudgetTable', 'budget_id', budgetRow)
    return {
      permissions: new Map(
        permissions.map(({ object_permission_id: id, ...grants }) => [id, withoutEmpty(grants)]),
      ),
      aliases: new Map(aliases.map((row) => [row.id, row])),
      budgets: new Map(budgets.map((row) => [row.budget_id, row])),
      now: this.#options.now,
      onLeft: (kind, column) => count(this.#leftColumns, `${kind}.${column}`),
    }
  }

  async #copyTeams(references: References): Promise<void> {
    const rows = await this.#readAll('LiteLLM_TeamMembership', 'team_id', teamMembershipRow)
    const places = new Map<string, Map<string, (typeof rows)[number]>>()
    for (const row of rows)
      places.set(row.team_id, (places.get(row.team_id) ?? new Map()).set(row.user_id, row))
    await this.#copy('teams', 'LiteLLM_TeamTable', 'team_id', teamRow, async (teams) => {
      const written = await writeSubjects(
        this.#client,
        teams.map((team) => convertTeam(team, references)),
      )
      const members = teams.flatMap((team) => {
        const own = places.get(team.team_id) ?? new Map()
        const roles = listTeamMembers(team)
        return [...new Set([...roles.keys(), ...own.keys()])].map((userId) => {
          const place = { kind: 'team', groupId: team.team_id, userId } as const
          return convertMembership(
            { ...place, role: roles.get(userId) ?? 'user' },
            own.get(userId) ?? {},
            references,
          )
        })
      })
      await this.#writeMembers(members)
      return written
    })
  }

  async #copyUsers(references: References): Promise<void> {
    await this.#copy('users', 'LiteLLM_UserTable', 'user_id', userRow, async (users) => {
      const written = await writeSubjects(
        this.#client,
        users.map((user) => convertUser(user, references)),
      )
      const members = users.flatMap(({ user_id, teams }) =>
        (teams ?? []).map((groupId) =>
          convertMembership({ kind: 'team', groupId, userId: user_id, role: 'user' }, {}, references),
        ),
      )
      // What a team says of its members counts; these are the ones it does not list.
      await writeMemberships(this.#client, members)
      return written
    })
  }

  async #copyOrganizationMembers(references: References): Promise<void> {
    const rows = await this.#readAll(
      'LiteLLM_OrganizationMembership',
      'organization_id',
      organizationMembershipRow,
    )
    await this.#writeMembers(
      rows.map((row) => {
        const role = row.user_role ?? 'internal_user'
        const place = {
          kind: 'organization',
          groupId: row.organization_id,
          userId: row.user_id,
          role,
        } as const
        return convertMembership(place, row, references)
      }),
    )
  }

  async #writeMembers(members: readonly MembershipRecord[]): Promise<void> {
    this.#count('memberships', members.length, await writeMemberships(this.#client, members))
  }

  async #copyKeys(references: References): Promise<void> {
    this.#count('keys', 0, 0)
    for await (const rows of this.#rows('keys', 'LiteLLM_VerificationToken', 'token', keyRow)) {
      const usable = rows.filter((row) => this.#isUsable(row))
      const records = usable.map((row) => convertKey(row, references))
      const { written, withoutAlias } = await writeKeys(this.#client, records)
      this.#count('keys', usable.length, written)
      if (withoutAlias > 0) count(this.#skipped, 'aliases of keys that another key has', withoutAlias)
    }
  }

  #isUsable({ token, team_id }: KeyRow): boolean {
    const isDigest = digest.test(token)
    if (team_id === dashboardTeam) count(this.#skipped, "keys of sessions of LiteLLM's dashboard")
    else if (!isDigest) count(this.#skipped, 'keys that are not kept as a SHA-256 digest')
    return isDigest && team_id !== dashboardTeam
  }

  /** Copies a table batch by batch; `write` says how many rows were new. */
  async #copy<Row>(
    kind: string,
    table: string,
    key: string,
    schema: ZodType<Row>,
    write: (rows: readonly Row[]) => Promise<number>,
  ): Promise<void> {
    this.#count(kind, 0, 0)
    for await (const rows of this.#rows(kind, table, key, schema))
      this.#count(kind, rows.length, await write(rows))
  }

  async #readAll<Row>(table: string, key: string, schema: ZodType<Row>): Promise<Row[]> {
    const all: Row[] = []
    for await (const rows of this.#rows(table, table, key, schema)) all.push(...rows)
    return all
  }

  async *#rows<Row>(kind: string, table: string, key: string, schema: ZodType<Row>): AsyncGenerator<Row[]> {
    this.#tables.add(table)
    for await (const rows of this.#source.read(table, key)) {
      yield rows.flatMap((row) => {
        const parsed = schema.safeParse(row)
        if (parsed.success) return [parsed.data]
        count(
          this.#skipped,
          `${kind} of a form that is not known (${parsed.error.issues[0]?.path.join('.')})`,
        )
        return []
      })
    }
  }

  #count(kind: string, found: number, imported: number): void {
    const before = this.#kinds[kind] ?? { found: 0, imported: 0, existing: 0 }
    this.#kinds[kind] = {
      found: before.found + found,
      imported: before.imported + imported,
      existing: before.existing + found - imported,
    }
  }
}

function count(counts: Record<string, number>, name: string, by = 1): void {
  counts[name] = (counts[name] ?? 0) + by
}

function withoutEmpty(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const isEmpty = (value: unknown): boolean =>
    value === null || (typeof value === 'object' && Object.keys(value).length === 0)
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => !isEmpty(value)))
}
