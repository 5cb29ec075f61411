import type { KeptCopy, ProviderCopyStore } from '../../skills/accounts/provider-copy-store.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'

interface CopyRow {
  readonly account_fingerprint: string
  readonly tree_digest: string
  readonly provider_skill_id: string
  readonly provider_version: string
}

const columns = 'account_fingerprint, tree_digest, provider_skill_id, provider_version'

/** Copies at vendors over SQL. `now` stamps uploads and uses. */
export function createSqlProviderCopies({ pool }: Database, now: () => number): ProviderCopyStore {
  const query = async (text: string, values: readonly unknown[]): Promise<KeptCopy[]> => {
    const { rows } = await guardQuery(pool.query<CopyRow>(text, [...values]))
    return rows.map(toCopy)
  }
  return {
    async find(fingerprint, treeDigest) {
      const text = `SELECT ${columns} FROM skill_provider_copies WHERE account_fingerprint = $1 AND tree_digest = $2`
      return (await query(text, [fingerprint, treeDigest]))[0] ?? null
    },
    async save(copy) {
      const { fingerprint, treeDigest, providerSkillId, providerVersion } = copy
      // Written over with itself where it stands already, so that the row comes back in any case.
      const text = `
        INSERT INTO skill_provider_copies AS kept (${columns}, uploaded_at, last_used_at) VALUES ($1, $2, $3, $4, $5, $5)
        ON CONFLICT (account_fingerprint, tree_digest) DO UPDATE SET last_used_at = excluded.last_used_at
        RETURNING ${columns}`
      const values = [fingerprint, treeDigest, providerSkillId, providerVersion, new Date(now())]
      return (await query(text, values))[0] ?? copy
    },
    async isCopy(fingerprint, providerSkillId) {
      const text = `SELECT ${columns} FROM skill_provider_copies WHERE account_fingerprint = $1 AND provider_skill_id = $2 LIMIT 1`
      return (await query(text, [fingerprint, providerSkillId])).length > 0
    },
    async markUsed(fingerprint, treeDigest) {
      const text =
        'UPDATE skill_provider_copies SET last_used_at = $3 WHERE account_fingerprint = $1 AND tree_digest = $2'
      await query(text, [fingerprint, treeDigest, new Date(now())])
    },
    async remove(fingerprint, providerSkillId) {
      const text =
        'DELETE FROM skill_provider_copies WHERE account_fingerprint = $1 AND provider_skill_id = $2'
      await query(text, [fingerprint, providerSkillId])
    },
    takeUnused(since) {
      const text = `DELETE FROM skill_provider_copies WHERE last_used_at < $1 RETURNING ${columns}`
      return query(text, [new Date(since)])
    },
  }
}

function toCopy(row: CopyRow): KeptCopy {
  return {
    fingerprint: row.account_fingerprint,
    treeDigest: row.tree_digest,
    providerSkillId: row.provider_skill_id,
    providerVersion: row.provider_version,
  }
}
