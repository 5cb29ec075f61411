import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { McpAccountStore, StoredCredential, TokenGrant } from '../../mcp/accounts/account-store.ts'
import { listTestDatabases, type OpenTestDatabase } from '../testing/test-databases.ts'
import { createSqlAccountStore } from './sql-account-store.ts'

let time = Date.UTC(2026, 4, 31, 12)

const credential = (owner: string, extra: Partial<StoredCredential> = {}): StoredCredential => ({
  ...{ owner, serverId: 'crm', issuer: 'https://id.test', scope: 'a b' },
  ...{ expiresAt: time + 1_000, status: 'ready', sealed: `sealed for ${owner}` },
  ...extra,
})
const grant = (name: string, extra: Partial<TokenGrant> = {}): TokenGrant => ({
  ...{
    grantId: name,
    owner: 'user:1',
    keyHash: 'k',
    serverId: 'crm',
    client: 'app',
    resource: 'r',
    scope: null,
  },
  ...{ accessHash: `access ${name}`, accessExpiresAt: time + 1_000 },
  ...{ refreshHash: `refresh ${name}`, refreshExpiresAt: time + 5_000 },
  ...extra,
})

describe.each(await listTestDatabases())('accounts at tool servers over $name', ({ openMigrated }) => {
  let opened: OpenTestDatabase
  let store: McpAccountStore

  beforeAll(async () => {
    opened = await openMigrated()
    store = createSqlAccountStore(opened.database, () => time)
  })
  afterAll(() => opened?.dispose())

  it('are kept by owner and server, and renewed only while they are there', async () => {
    await store.putCredential(credential('user:1'))
    time += 1_000
    await store.putCredential(credential('user:2', { scope: null, expiresAt: null }))
    expect(await store.findCredential('user:1', 'crm')).toMatchObject({ sealed: 'sealed for user:1' })
    expect(await store.findCredential('user:1', 'other')).toBeNull()
    expect(await store.findLatestCredential('crm')).toEqual(
      credential('user:2', { scope: null, expiresAt: null }),
    )
    expect(await store.renewCredential(credential('user:2', { status: 'auth_required' }))).toBe(true)
    expect((await store.findLatestCredential('crm'))?.owner).toBe('user:1')
    expect(await store.renewCredential(credential('user:3'))).toBe(false)
    expect(await store.findCredential('user:3', 'crm')).toBeNull()
    expect(await store.listCredentialServers('user:1')).toEqual(['crm'])
  })

  it('take consents and tokens with them', async () => {
    const consent = { owner: 'user:1', serverId: 'crm', client: 'app', redirectUri: 'https://app.test/' }
    await store.addConsent(consent)
    await store.addConsent(consent)
    await store.addGrant(grant('one'))
    expect(await store.hasConsent(consent)).toBe(true)
    expect(await store.hasConsent({ ...consent, client: 'another' })).toBe(false)
    expect(await store.removeCredential('user:1', 'crm')).toBe(true)
    expect(await store.removeCredential('user:1', 'crm')).toBe(false)
    expect([await store.hasConsent(consent), await store.findGrant('access one')]).toEqual([false, null])
  })

  it('give new tokens for a refresh token once, to its client, until it ends', async () => {
    await store.addGrant(grant('two'))
    const next = {
      ...{ accessHash: 'next access', accessExpiresAt: time + 1_000 },
      ...{ refreshHash: 'next refresh', refreshExpiresAt: time + 5_000 },
    }
    const holder = { serverId: 'crm', client: 'app' }
    expect(await store.rotateGrant('refresh two', { ...holder, client: 'thief' }, next)).toBeNull()
    const both = await Promise.all([1, 2].map(() => store.rotateGrant('refresh two', holder, next)))
    expect(both.filter((one) => one !== null)).toEqual([grant('two', next)])
    expect(await store.findGrant('access two')).toBeNull()
    time += 6_000
    expect(await store.rotateGrant('next refresh', holder, next)).toBeNull()
    await store.addGrant(grant('three'))
    expect(await store.findGrant('next access')).toBeNull()
  })

  it('and clients at issuers go with their server', async () => {
    await store.putIssuerClient('crm', 'https://id.test', 'first')
    await store.putIssuerClient('crm', 'https://id.test', 'second')
    expect(await store.findIssuerClient('crm', 'https://id.test')).toBe('second')
    await store.removeServer('crm')
    expect(await store.findIssuerClient('crm', 'https://id.test')).toBeNull()
    expect(await store.findGrant('access three')).toBeNull()
  })
})
