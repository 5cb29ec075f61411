import { randomBytes } from 'node:crypto'
import type { PoolClient } from 'pg'
import { type ChainedRecord, type ChainPosition, chainRecords, chainStart } from '../../audit/audit-chain.ts'
import type { AuditRecord } from '../../audit/audit-record.ts'
import type { AuditQuery, AuditStore, PersonalValue } from '../../audit/audit-store.ts'
import type { Checkpoint, CheckpointSigner, UnsignedCheckpoint } from '../../audit/checkpoint.ts'
import { openPersonal, sealPersonal } from '../../audit/personal-values.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'
import { inTransaction } from '../database/transaction.ts'
import { type AuditRow, type CheckpointRow, readCheckpoint, readRow, writeRow } from './audit-rows.ts'

const rowsPerCheckpoint = 1_000

export interface SqlAuditStoreOptions {
  /** Names the chain of this node. */
  readonly chain: string
  /** Null where the gateway has no secret: checkpoints then prove nothing. */
  readonly signer: CheckpointSigner | null
  /** Hears of every checkpoint once it is stored, to publish it where the database's owner cannot change it. */
  readonly onCheckpoint: (checkpoint: Checkpoint) => void
  readonly now: () => number
}

/** The audit log over SQL, and what keeps it: checkpoints and retention. */
export interface KeptAuditStore extends AuditStore {
  /** States where this node's chain ends, unless that has been stated. */
  checkpoint(): Promise<void>
  /** Takes away the rows of every chain that are older, up to a checkpoint, and says so. Nothing without a signer. */
  purge(before: number): Promise<void>
}

/** Rows are chained where they are stored, under a lock on their chain, so that any number of processes may write. */
export function createSqlAuditStore(database: Database, options: SqlAuditStoreOptions): KeptAuditStore {
  const { pool } = database
  const { chain, signer, onCheckpoint, now } = options
  const sign = (checkpoint: UnsignedCheckpoint): Checkpoint =>
    signer?.sign(checkpoint) ?? { ...checkpoint, keyId: null, signature: null }

  async function state(client: PoolClient, position: ChainPosition): Promise<Checkpoint> {
    const checkpoint = sign({ ...position, chain, kind: 'checkpoint', at: now() })
    await insertCheckpoint(client, checkpoint)
    return checkpoint
  }

  return {
    async append(records) {
      const checkpoint = await inTransaction(database, async (client) => {
        const { last, stored } = await lockChainFor(client, chain, records)
        const sealed = records
          .filter(({ id }) => !stored.has(id))
          .map((record) => sealPersonal(record, newSalt))
        const rows = chainRecords(
          chain,
          last,
          sealed.map((one) => one.sealed),
        )
        const end = rows.at(-1)
        if (end === undefined) return null
        const personal = sealed.flatMap((one) => one.personal)
        await appendRows(client, chain, end, rows, personal)
        const isDue = Math.floor(end.seq / rowsPerCheckpoint) > Math.floor(last.seq / rowsPerCheckpoint)
        return isDue ? state(client, end) : null
      })
      if (checkpoint !== null) onCheckpoint(checkpoint)
    },
    async probe() {
      await inTransaction(database, (client) => lockChain(client, chain))
    },
    async list(query) {
      const { where, values } = matching(query)
      const { rows } = await guardQuery(
        pool.query<AuditRow & { personal: readonly PersonalValue[] }>(
          `SELECT logs.*, coalesce((
             SELECT jsonb_agg(jsonb_build_object('auditId', audit_id, 'member', member, 'salt', salt, 'value', value))
             FROM audit_personal WHERE audit_id = logs.id), '[]') AS personal
           FROM audit_logs AS logs ${where}
           ORDER BY timestamp DESC, id DESC LIMIT ${query.limit}`,
          values,
        ),
      )
      return rows.map(({ personal, ...row }) => openPersonal(readRow(row), personal))
    },
    async erasePerson(value) {
      const { rowCount } = await guardQuery(
        pool.query('DELETE FROM audit_personal WHERE value = $1', [value]),
      )
      return rowCount ?? 0
    },
    async chains() {
      const { rows: chains } = await guardQuery(
        pool.query<{ chain: string; seq: string; hash: string }>('SELECT * FROM audit_chains ORDER BY chain'),
      )
      const { rows } = await guardQuery(
        pool.query<CheckpointRow>('SELECT * FROM audit_checkpoints ORDER BY chain, seq'),
      )
      const checkpoints = rows.map(readCheckpoint)
      return chains.map((row) => ({
        ...{ chain: row.chain, seq: Number(row.seq), hash: row.hash },
        checkpoints: checkpoints.filter((checkpoint) => checkpoint.chain === row.chain),
      }))
    },
    async readChain(name, afterSeq, limit) {
      const { rows } = await guardQuery(
        pool.query<AuditRow>('SELECT * FROM audit_logs WHERE chain = $1 AND seq > $2 ORDER BY seq LIMIT $3', [
          name,
          afterSeq,
          limit,
        ]),
      )
      const { rows: personal } = await guardQuery(
        pool.query<PersonalValue>(
          'SELECT audit_id AS "auditId", member, salt, value FROM audit_personal WHERE audit_id = ANY($1)',
          [rows.map(({ id }) => id)],
        ),
      )
      return { rows: rows.map(readRow), personal }
    },
    async checkpoint() {
      const checkpoint = await inTransaction(database, async (client) => {
        const last = await lockChain(client, chain)
        const { rows } = await client.query<{ seq: string }>(
          'SELECT seq FROM audit_checkpoints WHERE chain = $1 ORDER BY seq DESC LIMIT 1',
          [chain],
        )
        return last.seq > Number(rows[0]?.seq ?? 0) ? state(client, last) : null
      })
      if (checkpoint !== null) onCheckpoint(checkpoint)
    },
    async purge(before) {
      if (signer === null) return
      const { rows: chains } = await guardQuery(
        pool.query<{ chain: string }>('SELECT chain FROM audit_chains ORDER BY chain'),
      )
      for (const { chain: name } of chains)
        await inTransaction(database, (client) => purgeChain(client, name, before, signer, now()))
    },
  }
}

const newSalt = (): string => randomBytes(16).toString('hex')

/** Where the chain ends. Nobody else appends to it until the transaction is over. */
async function lockChain(client: PoolClient, chain: string): Promise<ChainPosition> {
  return (await lockChainFor(client, chain, [])).last
}

/**
 * The same, and which of these records are stored already: a batch whose first try was stored without its answer arriving
 * comes again. Where the first try still holds the lock it is not seen to be stored, and the ids are refused as taken.
 */
async function lockChainFor(
  client: PoolClient,
  chain: string,
  records: readonly AuditRecord[],
): Promise<{ readonly last: ChainPosition; readonly stored: ReadonlySet<string> }> {
  const { rows } = await client.query<{ seq: string; hash: string; stored: string[] }>(
    `INSERT INTO audit_chains (chain, seq, hash) VALUES ($1, $2, $3)
     ON CONFLICT (chain) DO UPDATE SET chain = excluded.chain
     RETURNING seq, hash, ARRAY(SELECT id FROM audit_logs WHERE id = ANY($4::text[])) AS stored`,
    [chain, chainStart.seq, chainStart.hash, records.map(({ id }) => id)],
  )
  const [row] = rows
  const last = row === undefined ? chainStart : { seq: Number(row.seq), hash: row.hash }
  return { last, stored: new Set(row?.stored) }
}

/** Everything of a batch in one statement, since each is a way to the database and back. */
async function appendRows(
  client: PoolClient,
  chain: string,
  end: ChainPosition,
  rows: readonly ChainedRecord[],
  personal: readonly PersonalValue[],
): Promise<void> {
  await client.query(
    `WITH moved AS (UPDATE audit_chains SET seq = $2, hash = $3 WHERE chain = $1),
     personal AS (
       INSERT INTO audit_personal (audit_id, member, salt, value)
       SELECT "auditId", member, salt, value
       FROM jsonb_to_recordset($5::jsonb) AS row ("auditId" text, member text, salt text, value text))
     INSERT INTO audit_logs (chain, seq, id, timestamp, request_id, actor_type, actor_id, action, resource_type,
       resource_id, outcome, outcome_reason, metadata, previous_hash, hash)
     SELECT * FROM jsonb_to_recordset($4::jsonb) AS row (chain text, seq bigint, id text, timestamp timestamptz,
       request_id text, actor_type text, actor_id text, action text, resource_type text, resource_id text,
       outcome text, outcome_reason text, metadata jsonb, previous_hash text, hash text)`,
    [chain, end.seq, end.hash, JSON.stringify(rows.map(writeRow)), JSON.stringify(personal)],
  )
}

async function insertCheckpoint(client: PoolClient, checkpoint: Checkpoint): Promise<void> {
  const { chain, seq, kind, hash, at, keyId, signature } = checkpoint
  await client.query(
    `INSERT INTO audit_checkpoints (chain, seq, kind, hash, at, key_id, signature)
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
    [chain, seq, kind, hash, new Date(at), keyId, signature],
  )
}

/** Rows go up to the last checkpoint before the time; a signed mark says where the chain begins now. */
async function purgeChain(
  client: PoolClient,
  chain: string,
  before: number,
  signer: CheckpointSigner,
  at: number,
): Promise<void> {
  await lockChain(client, chain)
  const { rows } = await client.query<{ seq: string; hash: string }>(
    `SELECT logs.seq, logs.hash FROM audit_checkpoints JOIN audit_logs AS logs USING (chain, seq)
     WHERE logs.chain = $1 AND logs.timestamp < $2 ORDER BY logs.seq DESC LIMIT 1`,
    [chain, new Date(before)],
  )
  const [last] = rows
  if (last === undefined) return
  const mark = { chain, seq: Number(last.seq), hash: last.hash, kind: 'retention', at } as const
  await client.query('DELETE FROM audit_logs WHERE chain = $1 AND seq <= $2', [chain, mark.seq])
  await client.query('DELETE FROM audit_checkpoints WHERE chain = $1 AND seq <= $2', [chain, mark.seq])
  await insertCheckpoint(client, signer.sign(mark))
}

/** Conditions of a query with their parameters. */
function matching(query: AuditQuery): { readonly where: string; readonly values: unknown[] } {
  const conditions: string[] = []
  const values: unknown[] = []
  const add = (value: unknown, condition: (parameter: string) => string): void => {
    if (value === undefined) return
    values.push(value)
    conditions.push(condition(`$${values.length}`))
  }
  const { action, actor, since, until, after } = query
  if (action?.endsWith('*')) add(action.slice(0, -1), (prefix) => `starts_with(action, ${prefix})`)
  else add(action, (name) => `action = ${name}`)
  // A key is named by the beginning of its digest; a whole digest finds it too.
  add(
    actor,
    (name) => `(actor_id = left(${name}, 16) OR EXISTS (
       SELECT 1 FROM audit_personal
       WHERE audit_id = logs.id AND member IN ('actor_id', 'user_id') AND value = ${name}))`,
  )
  add(query.resourceType, (type) => `resource_type = ${type}`)
  add(
    query.resourceId,
    (id) => `(resource_id = ${id} OR EXISTS (
       SELECT 1 FROM audit_personal WHERE audit_id = logs.id AND member = 'resource_id' AND value = ${id}))`,
  )
  add(query.outcome, (outcome) => `outcome = ${outcome}`)
  add(query.requestId, (id) => `request_id = ${id}`)
  add(since === undefined ? undefined : new Date(since), (time) => `timestamp >= ${time}`)
  add(until === undefined ? undefined : new Date(until), (time) => `timestamp < ${time}`)
  if (after !== undefined) {
    values.push(new Date(after.timestamp), after.id)
    conditions.push(`(timestamp, id) < ($${values.length - 1}, $${values.length})`)
  }
  return { where: conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`, values }
}
