import type { IncomingHttpHeaders } from 'node:http'
import { GatewayError } from '@routeiq/contract'
import { beforeEach, describe, expect, it } from 'vitest'
import type { IdentityConfig } from '../config/config.ts'
import type { AuthClass } from '../http/router.ts'
import type { KeyPrincipal, KeyRecord } from '../storage/key-store.ts'
import { Authenticator, UnknownKey } from './authenticator.ts'
import type { Caller } from './caller.ts'
import { digestKey, digestPepperedKey } from './key-digest.ts'

const defaults: IdentityConfig = {
  masterKey: 'sk-master-0123456789',
  adminKeys: ['sk-admin-0123456789', 'another-admin-key'],
  adminAuthEnabled: true,
  requireAuth: false,
  insecureNoAuth: false,
  encryptionKeys: [],
  saltKey: null,
  keyPrefix: 'sk-riq-',
  keyPepper: null,
  keyHeaderName: 'X-Company-Key',
  keyCacheTtlMs: 60_000,
  allowRequestsOnDbUnavailable: false,
  environment: null,
  allowedIps: [],
  routes: { adminOnly: [], publicRoutes: [], allowed: [] },
}
const unconfigured = { masterKey: null, adminKeys: [] }

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

class MemoryKeys {
  readonly records = new Map<string, KeyRecord>()
  reads = 0
  broken = false
  /** What a read waits for after it has found what it found. */
  gate: Promise<void> = Promise.resolve()

  add(key: string, patch: Partial<KeyRecord> = {}): KeyRecord {
    const record: KeyRecord = {
      tokenHash: digestKey(key),
      keyName: 'sk-...name',
      keyAlias: null,
      userId: 'user',
      teamId: null,
      organizationId: null,
      models: [],
      aliases: {},
      allowedRoutes: [],
      tags: [],
      metadata: {},
      blocked: false,
      expiresAt: null,
      createdAt: 0,
      createdBy: null,
      updatedAt: 0,
      settings: {},
      ...patch,
    }
    this.records.set(record.tokenHash, record)
    return record
  }

  async findPrincipal(hash: string): Promise<KeyPrincipal | null> {
    this.reads += 1
    if (this.broken) throw new Error('connect ECONNREFUSED secret-host')
    const key = this.records.get(hash)
    await this.gate
    return key === undefined ? null : { key, ...alone }
  }
}

let keys: MemoryKeys
let now: number

beforeEach(() => {
  keys = new MemoryKeys()
  now = 1_700_000_000_000
})

function open(patch: Partial<IdentityConfig> = {}, isOpen = false): Authenticator {
  return new Authenticator({ config: { ...defaults, ...patch }, keys, now: () => now, open: isOpen })
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

function call(authenticator: Authenticator, key: string, auth: AuthClass = 'user'): Promise<Caller> {
  return Promise.resolve().then(() => authenticator.authenticate(bearer(key), auth))
}

async function refusal(attempt: Promise<Caller>): Promise<GatewayError> {
  const thrown = await attempt.then(
    () => null,
    (error: unknown) => error,
  )
  expect(thrown).toBeInstanceOf(GatewayError)
  return thrown as GatewayError
}

describe('configured keys', () => {
  it.each([
    ['sk-master-0123456789', 'master'],
    ['sk-riq-sk-master-0123456789', 'master'],
    ['sk-admin-0123456789', 'admin'],
    ['another-admin-key', 'admin'],
    ['sk-riq-another-admin-key', 'admin'],
  ])('%s is %s, without the store', async (key, kind) => {
    const authenticator = open()
    for (const auth of ['user', 'admin'] as const)
      expect(await call(authenticator, key, auth)).toMatchObject({ kind, isAdmin: true })
    expect(keys.reads).toBe(0)
  })

  it('are known by their whole text only', async () => {
    for (const key of [
      'sk-master-012345678',
      'sk-master-01234567890',
      'SK-MASTER-0123456789',
      digestKey(defaults.masterKey ?? ''),
    ])
      expect((await refusal(call(open(), key))).code).toBe('invalid_api_key')
  })

  it('may come in the header the operator named, whatever its case', async () => {
    const caller = await open().authenticate({ 'x-company-key': 'sk-master-0123456789' }, 'user')
    expect(caller.kind).toBe('master')
  })
})

describe('stored keys', () => {
  it('become callers with what their record says', async () => {
    keys.add('sk-1', {
      models: ['gpt'],
      aliases: { fast: 'gpt' },
      teamId: 't',
      metadata: { a: 1 },
      tags: ['x'],
    })
    const caller = await call(open(), 'sk-1')
    expect(caller).toMatchObject({
      kind: 'key',
      isAdmin: false,
      teamId: 't',
      metadata: { a: 1 },
      tags: ['x'],
    })
    expect(caller.keyHash).toBe(digestKey('sk-1'))
    expect(caller.grants.names.has('gpt')).toBe(true)
    expect(caller.naming.keyAliases?.get('fast')).toBe('gpt')
  })

  it('are read once while they are fresh, and then answered without waiting', async () => {
    keys.add('sk-1')
    const authenticator = open()
    const first = await call(authenticator, 'sk-1')
    now += 59_999
    expect(authenticator.authenticate(bearer('sk-1'), 'user')).toBe(first)
    expect(keys.reads).toBe(1)
    now += 1
    await call(authenticator, 'sk-1')
    expect(keys.reads).toBe(2)
  })

  it('expire on time although they are cached', async () => {
    keys.add('sk-1', { expiresAt: now + 1_000 })
    const authenticator = open()
    await call(authenticator, 'sk-1')
    now += 999
    await call(authenticator, 'sk-1')
    now += 1
    const error = await refusal(call(authenticator, 'sk-1'))
    expect([error.code, error.entry.type]).toEqual(['expired_key', 'expired_key'])
    expect(error.message).toBe(
      `Authentication Error - Expired Key. Key Expiry time ${new Date(now).toISOString()} and current time ${new Date(now).toISOString()}`,
    )
    expect(keys.reads).toBe(1)
  })

  it('that are blocked are refused', async () => {
    keys.add('sk-1', { blocked: true })
    const error = await refusal(call(open(), 'sk-1'))
    expect([error.code, error.status, error.message]).toEqual([
      'key_blocked',
      401,
      expect.stringMatching(/^Key is blocked\. /),
    ])
  })

  it('are no admin keys', async () => {
    keys.add('sk-1')
    const error = await refusal(call(open(), 'sk-1', 'admin'))
    expect([error.code, error.options.extras]).toEqual([
      'permission_denied',
      { required_permission: 'proxy_admin' },
    ])
  })

  it('may have any prefix, and are found by their peppered digest as well', async () => {
    keys.add('other-1', { tokenHash: digestPepperedKey('other-1', 'pepper') })
    keys.add('old-1')
    const authenticator = open({ keyPepper: 'pepper' })
    for (const key of ['other-1', 'old-1']) expect((await call(authenticator, key)).kind).toBe('key')
    expect(authenticator.storedDigest('other-1')).toBe(digestPepperedKey('other-1', 'pepper'))
    expect(open().storedDigest('other-1')).toBe(digestKey('other-1'))
  })

  it('are not found by their digest', async () => {
    keys.add('sk-1')
    expect((await refusal(call(open(), digestKey('sk-1')))).code).toBe('invalid_api_key')
  })
})

describe('unknown keys', () => {
  it.each([
    [
      'sk-nobody-5678',
      'Invalid API key: Authentication Error, Invalid proxy server token passed. Received API Key=sk-...5678. Unable to find token in cache or LiteLLM_VerificationTokenTable',
    ],
    [
      'some-thing-5678',
      "Invalid API key: LiteLLM Virtual Key expected. Received=sk-...5678, expected to start with 'sk-'.",
    ],
  ])('%s', async (key, message) => {
    const error = await refusal(call(open(), key))
    expect(error).toBeInstanceOf(UnknownKey)
    expect([error.code, error.status, error.message]).toEqual(['invalid_api_key', 401, message])
  })

  it('are asked for again after a few seconds', async () => {
    const authenticator = open()
    for (let turn = 0; turn < 3; turn += 1) await refusal(call(authenticator, 'sk-later'))
    expect(keys.reads).toBe(1)
    keys.add('sk-later')
    now += 5_000
    expect((await call(authenticator, 'sk-later')).kind).toBe('key')
  })

  it('longer than any key are refused without a look', async () => {
    const error = await refusal(call(open(), `sk-${'x'.repeat(5_000)}`))
    expect([error.code, keys.reads, error.message.length < 300]).toEqual(['invalid_api_key', 0, true])
  })
})

describe('many requests with one key nobody has read yet', () => {
  const many = (authenticator: Authenticator, key: string) =>
    Array.from({ length: 1_000 }, () => call(authenticator, key))

  it('share one read, found or not', async () => {
    keys.add('sk-1')
    const authenticator = open()
    const callers = await Promise.all(many(authenticator, 'sk-1'))
    expect([keys.reads, new Set(callers).size]).toEqual([1, 1])
    const refusals = await Promise.all(many(authenticator, 'sk-2').map(refusal))
    expect(keys.reads).toBe(2)
    expect(new Set(refusals.map(({ code }) => code))).toEqual(new Set(['invalid_api_key']))
  })

  it('share a failure, and the next request reads again', async () => {
    keys.add('sk-1')
    keys.broken = true
    const authenticator = open()
    const refusals = await Promise.all(many(authenticator, 'sk-1').map(refusal))
    expect(keys.reads).toBe(1)
    expect(new Set(refusals.map(({ code }) => code))).toEqual(new Set(['storage_unavailable']))
    keys.broken = false
    expect((await call(authenticator, 'sk-1')).kind).toBe('key')
  })

  it('do not share a read that began before the key changed', async () => {
    const { tokenHash } = keys.add('sk-1')
    const authenticator = open()
    let release = (): void => {}
    keys.gate = new Promise((resolve) => {
      release = resolve
    })
    const before = call(authenticator, 'sk-1')
    await Promise.resolve()
    await Promise.resolve()
    expect(keys.reads).toBe(1)
    keys.records.clear()
    authenticator.forget([tokenHash])
    const after = refusal(call(authenticator, 'sk-1'))
    release()
    expect((await before).kind).toBe('key')
    expect((await after).code).toBe('invalid_api_key')
    expect(keys.reads).toBe(2)
  })
})

describe('forget', () => {
  it('makes changes count from the next request on', async () => {
    const { tokenHash } = keys.add('sk-1')
    keys.add('sk-2')
    const authenticator = open()
    await call(authenticator, 'sk-1')
    await call(authenticator, 'sk-2')
    keys.records.clear()
    authenticator.forget([tokenHash])
    expect((await refusal(call(authenticator, 'sk-1'))).code).toBe('invalid_api_key')
    expect((await call(authenticator, 'sk-2')).kind).toBe('key')
  })

  it('makes new keys count at once', async () => {
    const authenticator = open()
    await refusal(call(authenticator, 'sk-1'))
    const { tokenHash } = keys.add('sk-1')
    authenticator.forget([tokenHash])
    expect((await call(authenticator, 'sk-1')).kind).toBe('key')
  })

  it('counts also for a key that is being read', async () => {
    const { tokenHash } = keys.add('sk-1')
    const authenticator = open()
    let release = (): void => {}
    keys.gate = new Promise((resolve) => {
      release = resolve
    })
    const reading = call(authenticator, 'sk-1')
    await Promise.resolve()
    await Promise.resolve()
    expect(keys.reads).toBe(1)
    keys.records.clear()
    authenticator.forget([tokenHash])
    release()
    await reading
    expect((await refusal(call(authenticator, 'sk-1'))).code).toBe('invalid_api_key')
  })

  it('leaves configured keys alone', async () => {
    const authenticator = open()
    const master = await call(authenticator, 'sk-master-0123456789')
    authenticator.forget([master.keyHash ?? ''])
    expect((await call(authenticator, 'sk-master-0123456789')).kind).toBe('master')
  })
})

describe('a store that does not answer', () => {
  it('is 503, without its words; known keys go on while they are fresh', async () => {
    keys.add('sk-1')
    const authenticator = open()
    await call(authenticator, 'sk-1')
    keys.broken = true
    const error = await refusal(call(authenticator, 'sk-2'))
    expect([error.code, error.status, error.options.retryAfterSeconds]).toEqual([
      'storage_unavailable',
      503,
      1,
    ])
    expect(error.message).not.toContain('secret')
    expect((await call(authenticator, 'sk-1')).kind).toBe('key')
    expect((await call(authenticator, 'sk-master-0123456789')).kind).toBe('master')
    now += 60_000
    expect((await refusal(call(authenticator, 'sk-1'))).code).toBe('storage_unavailable')
  })

  it('leaves what was known in force where the operator allows it', async () => {
    keys.add('sk-1', { expiresAt: now + 200_000 })
    const authenticator = open({ allowRequestsOnDbUnavailable: true })
    await call(authenticator, 'sk-1')
    keys.broken = true
    now += 60_000
    expect((await call(authenticator, 'sk-1')).kind).toBe('key')
    expect((await refusal(call(authenticator, 'sk-2'))).code).toBe('storage_unavailable')
    now += 140_000
    expect((await refusal(call(authenticator, 'sk-1'))).code).toBe('expired_key')
  })
})

describe('no credential', () => {
  const ask = (authenticator: Authenticator, headers: IncomingHttpHeaders, auth: AuthClass) =>
    Promise.resolve().then(() => authenticator.authenticate(headers, auth))

  it.each([
    [{}, 'user', 'invalid_api_key', 'Authentication Error, No api key passed in.'],
    [{ authorization: 'Bearer ' }, 'user', 'invalid_api_key', 'Authentication Error, No api key passed in.'],
    [
      { authorization: 'sk-1' },
      'user',
      'invalid_api_key',
      'Authentication Error, Malformed API Key passed in. Ensure Key has `Bearer ` prefix.',
    ],
    [{}, 'admin', 'admin_key_required', 'This route needs an admin key'],
    [{ authorization: 'sk-1' }, 'admin', 'admin_key_required', 'This route needs an admin key'],
  ] as const)('%j on a route of class %s is %s', async (headers, auth, code, message) => {
    const error = await refusal(ask(open(), headers, auth))
    expect([error.code, error.status]).toEqual([code, 401])
    expect(error.message).toContain(message)
    expect(error.options.extras).toEqual(auth === 'admin' ? {} : undefined)
  })

  it('is fine for the models of an open gateway, and so is any key', async () => {
    const authenticator = open(unconfigured, true)
    expect(await ask(authenticator, {}, 'user')).toMatchObject({ kind: 'anonymous', isAdmin: false })
    expect(await call(authenticator, 'sk-whatever')).toMatchObject({ kind: 'anonymous', isAdmin: false })
    expect((await refusal(ask(authenticator, { authorization: 'x' }, 'user'))).code).toBe('invalid_api_key')
    keys.add('sk-1', { blocked: true })
    expect((await refusal(call(authenticator, 'sk-1'))).code).toBe('key_blocked')
  })
})

describe('admin routes', () => {
  it('are closed whatever the key when no master or admin key is configured', async () => {
    keys.add('sk-1')
    for (const isOpen of [false, true])
      for (const key of ['', 'sk-1', 'sk-unknown'])
        expect((await refusal(call(open(unconfigured, isOpen), key, 'admin'))).code).toBe(
          'control_plane_not_configured',
        )
  })

  it('refuse a key nobody knows', async () => {
    const error = await refusal(call(open(), 'sk-unknown', 'admin'))
    expect(error).toBeInstanceOf(UnknownKey)
    expect([error.code, error.status, error.options.extras]).toEqual(['invalid_admin_key', 401, {}])
  })

  it.each([null, 'production'])(
    'stay closed without admin authentication in environment %s',
    async (environment) => {
      const authenticator = open({ adminAuthEnabled: false, environment })
      for (const key of ['', 'sk-master-0123456789'])
        expect((await refusal(call(authenticator, key, 'admin'))).code).toBe(
          'admin_auth_disabled_in_production',
        )
    },
  )

  it('are open to everybody without admin authentication elsewhere', async () => {
    keys.add('sk-1', { blocked: true })
    const authenticator = open({ adminAuthEnabled: false, environment: 'development', ...unconfigured })
    for (const key of ['', 'sk-1', 'sk-unknown'])
      expect(await call(authenticator, key, 'admin')).toMatchObject({ kind: 'anonymous', isAdmin: true })
    expect((await refusal(call(authenticator, 'sk-unknown'))).code).toBe('invalid_api_key')
  })
})

it('the cache is bounded', async () => {
  const authenticator = open(unconfigured, true)
  keys.add('sk-1')
  await call(authenticator, 'sk-1')
  for (let index = 0; index < 50_000; index += 1)
    await authenticator.authenticate(bearer(`sk-n${index}`), 'user')
  keys.reads = 0
  await call(authenticator, 'sk-1')
  expect(keys.reads).toBe(1)
})
