import type {
  Consent,
  McpAccountStore,
  StoredCredential,
  TokenGrant,
} from '../../mcp/accounts/account-store.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'
import { inTransaction } from '../database/transaction.ts'

interface CredentialRow {
  readonly owner: string
  readonly server_id: string
  readonly issuer: string
  readonly scope: string | null
  readonly expires_at: Date | null
  readonly status: StoredCredential['status']
  readonly sealed: string
}

interface GrantRow {
  readonly grant_id: string
  readonly owner: string
  readonly key_hash: string
  readonly server_id: string
  readonly client: string
  readonly resource: string
  readonly scope: string | null
  readonly access_hash: string
  readonly access_expires_at: Date
  readonly refresh_hash: string
  readonly refresh_expires_at: Date
}

const tables = ['mcp_credentials', 'mcp_consents', 'mcp_issuer_clients', 'mcp_grants']
const changeCredential = 'issuer = $3, scope = $4, expires_at = $5, status = $6, sealed = $7, updated_at = $8'

/** The store of accounts at tool servers over SQL. */
export function createSqlAccountStore(database: Database, now: () => number): McpAccountStore {
  const { pool } = database
  const query = <Row extends object>(text: string, values: readonly unknown[]) =>
    guardQuery(pool.query<Row>(text, [...values]))
  const credential = async (text: string, values: readonly unknown[]): Promise<StoredCredential | null> => {
    const { rows } = await query<CredentialRow>(text, values)
    return rows[0] === undefined ? null : readCredential(rows[0])
  }
  return {
    findCredential: (owner, serverId) =>
      credential('SELECT * FROM mcp_credentials WHERE owner = $1 AND server_id = $2', [owner, serverId]),
    findLatestCredential: (serverId) =>
      credential(
        `SELECT * FROM mcp_credentials WHERE server_id = $1 AND status = 'ready' ORDER BY updated_at DESC LIMIT 1`,
        [serverId],
      ),
    async listCredentialServers(owner) {
      const { rows } = await query<{ server_id: string }>(
        'SELECT server_id FROM mcp_credentials WHERE owner = $1',
        [owner],
      )
      return rows.map(({ server_id }) => server_id)
    },
    async putCredential(one) {
      await query(
        `INSERT INTO mcp_credentials (owner, server_id, issuer, scope, expires_at, status, sealed, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (owner, server_id) DO UPDATE SET ${changeCredential}`,
        credentialValues(one, now()),
      )
    },
    async renewCredential(one) {
      const { rowCount } = await query(
        `UPDATE mcp_credentials SET ${changeCredential} WHERE owner = $1 AND server_id = $2`,
        credentialValues(one, now()),
      )
      return rowCount === 1
    },
    removeCredential: (owner, serverId) =>
      inTransaction(database, async (client) => {
        const of = 'WHERE owner = $1 AND server_id = $2'
        await client.query(`DELETE FROM mcp_grants ${of}`, [owner, serverId])
        await client.query(`DELETE FROM mcp_consents ${of}`, [owner, serverId])
        const { rowCount } = await client.query(`DELETE FROM mcp_credentials ${of}`, [owner, serverId])
        return rowCount === 1
      }),
    async hasConsent(consent) {
      const { rowCount } = await query(
        'SELECT 1 FROM mcp_consents WHERE owner = $1 AND server_id = $2 AND client = $3 AND redirect_uri = $4',
        consentValues(consent),
      )
      return rowCount === 1
    },
    async addConsent(consent) {
      await query(
        `INSERT INTO mcp_consents (owner, server_id, client, redirect_uri, given_at)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
        [...consentValues(consent), new Date(now())],
      )
    },
    async findIssuerClient(serverId, issuer) {
      const { rows } = await query<{ sealed: string }>(
        'SELECT sealed FROM mcp_issuer_clients WHERE server_id = $1 AND issuer = $2',
        [serverId, issuer],
      )
      return rows[0]?.sealed ?? null
    },
    async putIssuerClient(serverId, issuer, sealed) {
      await query(
        `INSERT INTO mcp_issuer_clients (server_id, issuer, sealed, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (server_id, issuer) DO UPDATE SET sealed = $3, created_at = $4`,
        [serverId, issuer, sealed, new Date(now())],
      )
    },
    addGrant: (grant) =>
      inTransaction(database, async (client) => {
        await client.query('DELETE FROM mcp_grants WHERE refresh_expires_at < $1', [new Date(now())])
        await client.query(insertGrant, grantValues(grant))
      }),
    async findGrant(accessHash) {
      const { rows } = await query<GrantRow>('SELECT * FROM mcp_grants WHERE access_hash = $1', [accessHash])
      return rows[0] === undefined ? null : readGrant(rows[0])
    },
    async rotateGrant(refreshHash, { serverId, client }, next) {
      const { rows } = await query<GrantRow>(
        `UPDATE mcp_grants SET access_hash = $4, access_expires_at = $5, refresh_hash = $6, refresh_expires_at = $7
         WHERE refresh_hash = $1 AND server_id = $2 AND client = $3 AND refresh_expires_at > $8 RETURNING *`,
        [
          ...[refreshHash, serverId, client, next.accessHash, new Date(next.accessExpiresAt)],
          ...[next.refreshHash, new Date(next.refreshExpiresAt), new Date(now())],
        ],
      )
      return rows[0] === undefined ? null : readGrant(rows[0])
    },
    async removeServer(serverId) {
      await inTransaction(database, async (client) => {
        for (const table of tables)
          await client.query(`DELETE FROM ${table} WHERE server_id = $1`, [serverId])
      })
    },
  }
}

const insertGrant = `
  INSERT INTO mcp_grants
    (grant_id, owner, key_hash, server_id, client, resource, scope, access_hash, access_expires_at, refresh_hash,
     refresh_expires_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`

function credentialValues(one: StoredCredential, now: number): unknown[] {
  const { owner, serverId, issuer, scope, expiresAt, status, sealed } = one
  const expiry = expiresAt === null ? null : new Date(expiresAt)
  return [owner, serverId, issuer, scope, expiry, status, sealed, new Date(now)]
}

function consentValues({ owner, serverId, client, redirectUri }: Consent): unknown[] {
  return [owner, serverId, client, redirectUri]
}

function grantValues(grant: TokenGrant): unknown[] {
  return [
    ...[grant.grantId, grant.owner, grant.keyHash, grant.serverId, grant.client, grant.resource, grant.scope],
    ...[grant.accessHash, new Date(grant.accessExpiresAt)],
    ...[grant.refreshHash, new Date(grant.refreshExpiresAt)],
  ]
}

function readCredential(row: CredentialRow): StoredCredential {
  return {
    owner: row.owner,
    serverId: row.server_id,
    issuer: row.issuer,
    scope: row.scope,
    expiresAt: row.expires_at?.getTime() ?? null,
    status: row.status,
    sealed: row.sealed,
  }
}

function readGrant(row: GrantRow): TokenGrant {
  return {
    grantId: row.grant_id,
    owner: row.owner,
    keyHash: row.key_hash,
    serverId: row.server_id,
    client: row.client,
    resource: row.resource,
    scope: row.scope,
    accessHash: row.access_hash,
    accessExpiresAt: row.access_expires_at.getTime(),
    refreshHash: row.refresh_hash,
    refreshExpiresAt: row.refresh_expires_at.getTime(),
  }
}
