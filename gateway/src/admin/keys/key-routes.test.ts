import { GatewayError } from '@routeiq/contract'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { silentTrail } from '../../audit/testing/silent-trail.ts'
import { loadText } from '../../config/load-for-test.ts'
import { AddressGuard } from '../../http/address-guard.ts'
import { AdmissionGate } from '../../http/admission-gate.ts'
import { CallsBySource } from '../../http/calls-by-source.ts'
import { CorsPolicy } from '../../http/cors.ts'
import { Dispatcher } from '../../http/dispatch.ts'
import { Router } from '../../http/router.ts'
import { type ExchangeServer, startExchangeServer } from '../../http/testing/exchange-server.ts'
import { Authenticator } from '../../identity/authenticator.ts'
import { digestKey, digestPepperedKey } from '../../identity/key-digest.ts'
import { PolicyGate } from '../../policy-engine/policy-gate.ts'
import type {
  KeyPrincipal,
  KeyQuery,
  KeyRecord,
  KeySelector,
  KeyStore,
  NewKey,
} from '../../storage/key-store.ts'
import type { SpendTotals } from '../../storage/spend-totals.ts'
import type { SubjectStore } from '../../storage/subject-store.ts'
import { type KeyRoutesDependencies, keyRoutes } from './key-routes.ts'

const masterKey = 'sk-bench-0123456789'
const startedAt = Date.parse('2026-01-01T00:00:00Z')

class MemoryKeyStore implements KeyStore {
  readonly records = new Map<string, KeyRecord>()
  lastQuery: KeyQuery | null = null

  async create(key: NewKey): Promise<KeyRecord> {
    const taken = [...this.records.values()].some(
      ({ keyAlias }) => keyAlias !== null && keyAlias === key.keyAlias,
    )
    if (taken || this.records.has(key.tokenHash)) throw new GatewayError('conflict', 'Taken.')
    const record = { ...key, createdAt: startedAt, updatedAt: startedAt }
    this.records.set(key.tokenHash, record)
    return record
  }

  async resetSpend(): Promise<readonly string[]> {
    return [...this.records.keys()]
  }

  async findByHash(tokenHash: string): Promise<KeyRecord | null> {
    return this.records.get(tokenHash) ?? null
  }

  async findPrincipal(tokenHash: string): Promise<KeyPrincipal | null> {
    const key = this.records.get(tokenHash)
    return key === undefined ? null : this.completePrincipal(key)
  }

  async completePrincipal(key: KeyRecord): Promise<KeyPrincipal> {
    const alone = {
      makers: [],
      retiresAt: null,
      user: null,
      team: null,
      organization: null,
      workspace: null,
      member: null,
      budgets: [],
    }
    return { key, ...alone }
  }

  async countGoverned(): Promise<number> {
    return 0
  }

  async findByAlias(keyAlias: string): Promise<KeyRecord | null> {
    return [...this.records.values()].find((record) => record.keyAlias === keyAlias) ?? null
  }

  async list(query: KeyQuery) {
    this.lastQuery = query
    const all = [...this.records.values()].filter(
      (record) => query.teamId === undefined || record.teamId === query.teamId,
    )
    return { records: all.slice((query.page - 1) * query.size, query.page * query.size), total: all.length }
  }

  async update(tokenHash: string, changes: Partial<KeyRecord>): Promise<KeyRecord | null> {
    const record = this.records.get(tokenHash)
    if (record === undefined) return null
    const changed = { ...record, ...changes }
    this.records.set(tokenHash, changed)
    return changed
  }

  async addSpender(): Promise<readonly string[]> {
    throw new Error('not used')
  }

  async regenerate(): Promise<KeyRecord | null> {
    throw new Error('not used')
  }

  async findHandover(): Promise<null> {
    return null
  }

  async listRotating(): Promise<readonly KeyRecord[]> {
    return []
  }

  async aliases(): Promise<readonly string[]> {
    return []
  }

  async delete(selector: KeySelector): Promise<readonly KeyRecord[]> {
    if (!('tokenHashes' in selector)) throw new Error('not used')
    const found = selector.tokenHashes.flatMap((hash) => this.records.get(hash) ?? [])
    for (const { tokenHash } of found) this.records.delete(tokenHash)
    return found
  }
}

let store: MemoryKeyStore
let changed: string[][]
let dispatcher: Dispatcher
let server: ExchangeServer

function open(patch: Partial<KeyRoutesDependencies> = {}, pepper: string | null = null): void {
  const { identity, governance } = loadText('', { LITELLM_MASTER_KEY: masterKey }).config
  const now = () => startedAt
  store = new MemoryKeyStore()
  changed = []
  const authenticator = new Authenticator({
    config: { ...identity, keyPepper: pepper },
    keys: store,
    now,
    open: false,
  })
  const routes = keyRoutes({
    quotas: { limitOf: () => null },
    subjects: { membershipsOf: async () => [] } as unknown as SubjectStore,
    totals: { spentSince: async () => 0 } as unknown as SpendTotals,
    settings: () => governance,
    identity: {
      authenticator,
      failedAttempts: new CallsBySource(() => 1_000, now),
      addresses: new AddressGuard([]),
      audit: silentTrail(),
      plugins: null,
      policies: new PolicyGate(
        () => null,
        () => {},
      ),
    },
    keys: store,
    groups: () => new Map(),
    keyPrefix: 'sk-riq-',
    production: false,
    now,
    onKeysChanged: (hashes) => {
      changed.push([...hashes])
      authenticator.forget(hashes)
    },
    ...patch,
  })
  dispatcher = new Dispatcher({
    router: new Router(routes),
    proxies: null,
    gate: new AdmissionGate(0, [], { onChange: () => {}, onRefusal: () => {} }),
    cors: new CorsPolicy([], false),
    admitPublic: () => null,
    watch: null,
    codeStyle: () => 'symbolic',
    beginTrace: null,
    tracesRoute: null,
    onUnexpectedError: (_, error) => {
      throw error
    },
  })
}

beforeAll(async () => {
  server = await startExchangeServer((exchange) => dispatcher.listen(exchange.request, exchange.response))
})
afterAll(() => server.close())
beforeEach(() => open())

/** What these tests read of an answer; each answer has some of it. */
interface Shown {
  readonly key: string
  readonly token: string
  readonly blocked: boolean
  readonly info: { readonly key_alias: string }
  readonly keys: readonly unknown[]
  readonly detail: unknown
  readonly error: { readonly code: string; readonly param: string }
}

async function ask(path: string, body?: unknown, key = masterKey) {
  const headers = { authorization: `Bearer ${key}` }
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const init = body === undefined ? { headers } : { method: 'POST', headers, body: text }
  const response = await fetch(server.url + path, init)
  return { status: response.status, body: (await response.json()) as Shown }
}

describe('/key/generate', () => {
  it('shows the key once and stores its digest alone', async () => {
    const { status, body } = await ask('/key/generate', {})
    expect(status).toBe(200)
    expect(body.key).toMatch(/^sk-riq-[\w-]{32}$/)
    const tokenHash = digestKey(body.key)
    expect(body).toMatchObject({
      token: tokenHash,
      token_id: tokenHash,
      key_name: `sk-...${body.key.slice(-4)}`,
    })
    expect([...store.records.keys()]).toEqual([tokenHash])
    expect(JSON.stringify([...store.records.values()])).not.toContain(body.key)
    expect(changed).toEqual([[tokenHash]])
  })

  it('keeps what it was given', async () => {
    const given = {
      key: 'sk-chosen-key',
      key_alias: 'alias',
      duration: '30d',
      user_id: 'u',
      team_id: 't',
      organization_id: 'o',
      models: ['gpt'],
      aliases: { fast: 'gpt' },
      allowed_routes: ['/models'],
      tags: ['x'],
      metadata: { a: 1 },
      max_budget: 5,
    }
    const { body } = await ask('/key/generate', given)
    const { duration: _, ...kept } = given
    expect(body).toMatchObject({
      ...kept,
      blocked: false,
      created_by: 'master',
      expires: '2026-01-31T00:00:00.000Z',
    })
    expect([...store.records.values()]).toMatchObject([{ settings: { max_budget: 5 }, keyAlias: 'alias' }])
  })

  it('uses the pepper', async () => {
    open({}, 'pepper')
    const { body } = await ask('/key/generate', {})
    expect([...store.records.keys()]).toEqual([digestPepperedKey(body.key, 'pepper')])
    expect((await ask('/key/info', undefined, body.key)).status).toBe(200)
  })

  it('takes no short chosen key in production', async () => {
    open({ production: true })
    expect(await ask('/key/generate', { key: 'sk-too-short' })).toMatchObject({
      status: 400,
      body: { error: { param: 'key' } },
    })
    expect((await ask('/key/generate', { key: 'sk-sixteen-letters-' })).status).toBe(200)
    expect((await ask('/key/generate', { key: null })).status).toBe(200)
  })

  it('takes an empty body for {}, and refuses what does not fit its schema with 422', async () => {
    expect((await ask('/key/generate', '')).status).toBe(200)
    const { status, body } = await ask('/key/generate', { models: 'gpt', duration: 'x' })
    expect(status).toBe(422)
    expect(body.detail).toEqual([
      { type: 'custom', loc: ['body', 'duration'], msg: expect.stringContaining('30d') },
      { type: 'invalid_type', loc: ['body', 'models'], msg: expect.any(String) },
    ])
    for (const text of ['{', '[]', '"x"', 'null']) expect((await ask('/key/generate', text)).status).toBe(422)
  })

  it('answers 409 for what is taken', async () => {
    await ask('/key/generate', { key_alias: 'a' })
    expect((await ask('/key/generate', { key_alias: 'a' })).status).toBe(409)
  })
})

describe('/key/info', () => {
  it('shows a key by its text or digest, never the key itself', async () => {
    const { key, token } = (await ask('/key/generate', { key_alias: 'a' })).body
    for (const name of [key, token]) {
      const { status, body } = await ask(`/key/info?key=${name}`)
      expect([status, body.key, body.info.key_alias]).toEqual([200, token, 'a'])
      expect(JSON.stringify(body)).not.toContain(key)
    }
  })

  it('shows a user its own key and nobody else’s', async () => {
    const own = (await ask('/key/generate', {})).body
    const other = (await ask('/key/generate', {})).body
    for (const query of ['', `?key=${own.key}`, `?key=${own.token}`])
      expect((await ask(`/key/info${query}`, undefined, own.key)).body.key).toBe(own.token)
    for (const name of [other.key, other.token, 'sk-unknown-0123456789']) {
      const { status, body } = await ask(`/key/info?key=${name}`, undefined, own.key)
      expect([status, body.error.code]).toEqual([404, 'key_not_found'])
      if (name.startsWith('sk-')) expect(JSON.stringify(body)).not.toContain(name)
    }
  })

  it('of a configured key has nothing to show', async () => {
    expect((await ask('/key/info')).status).toBe(404)
  })
})

describe('/key/list', () => {
  beforeEach(async () => {
    for (let index = 0; index < 12; index += 1) await ask('/key/generate', { team_id: index < 5 ? 'a' : 'b' })
  })

  it('pages through digests, or whole keys', async () => {
    const first = (await ask('/key/list')).body
    expect(first).toMatchObject({ total_count: 12, current_page: 1, total_pages: 2 })
    expect([first.keys.length, (await ask('/key/list?page=2')).body.keys.length]).toEqual([10, 2])
    const full = (await ask('/key/list?team_id=a&return_full_object=true&size=100')).body
    expect(full.keys).toHaveLength(5)
    expect(full.keys[0]).toMatchObject({ team_id: 'a', token: expect.any(String) })
  })

  it('hands sorting and filters to the store', async () => {
    await ask('/key/list?sort_by=expires&sort_order=asc&user_id=u&key_alias=x&size=500&organization_id=')
    expect(store.lastQuery).toEqual({
      page: 1,
      size: 100,
      sortBy: 'expiresAt',
      sortOrder: 'asc',
      userId: 'u',
      keyAlias: 'x',
    })
  })

  it.each(['page=0', 'page=x', 'size=-1', 'size=1.5', 'sort_by=nothing', 'sort_by=constructor'])(
    'refuses ?%s',
    async (query) => {
      const { status, body } = await ask(`/key/list?${query}`)
      expect([status, body.error.param]).toEqual([400, query.split('=')[0]])
    },
  )
})

describe('/key/delete', () => {
  it('deletes by key, digest and alias, and makes every process forget', async () => {
    const one = (await ask('/key/generate', {})).body
    const two = (await ask('/key/generate', {})).body
    await ask('/key/generate', { key_alias: 'three' })
    changed = []
    const byKey = await ask('/key/delete', { keys: [one.key, two.token] })
    expect(byKey.body).toEqual({ deleted_keys: [one.token, two.token] })
    expect(changed).toEqual([[one.token, two.token]])
    expect((await ask('/key/delete', { key_aliases: ['three'] })).body).toEqual({ deleted_keys: ['three'] })
    expect(store.records.size).toBe(0)
  })

  it('deletes nothing when one is unknown', async () => {
    const { token } = (await ask('/key/generate', {})).body
    for (const body of [{ keys: [token, 'sk-unknown-0123456789'] }, { key_aliases: ['unknown'] }])
      expect((await ask('/key/delete', body)).status).toBe(404)
    expect(store.records.size).toBe(1)
  })
})

describe('/key/block', () => {
  it('counts from the next request on, and so does unblocking', async () => {
    const { key, token } = (await ask('/key/generate', {})).body
    expect((await ask('/key/info', undefined, key)).status).toBe(200)
    expect((await ask('/key/block', { key })).body.blocked).toBe(true)
    expect((await ask('/key/info', undefined, key)).status).toBe(401)
    expect((await ask('/key/unblock', { key: token })).body.blocked).toBe(false)
    expect((await ask('/key/info', undefined, key)).status).toBe(200)
    expect((await ask('/key/block', { key: 'sk-unknown-0123456789' })).status).toBe(404)
  })
})

describe('who may', () => {
  it.each(['/key/generate', '/key/delete', '/key/block', '/key/unblock'])('POST %s: admins', async (path) => {
    const { key } = (await ask('/key/generate', {})).body
    expect((await ask(path, {}, key)).status).toBe(403)
    expect((await ask(path, {}, 'sk-unknown-0123456789')).status).toBe(401)
  })

  it('GET /key/list: admins', async () => {
    const { key } = (await ask('/key/generate', {})).body
    expect((await ask('/key/list', undefined, key)).status).toBe(403)
  })
})
