import { GatewayError } from '@routeiq/contract'
import { describe, expect, it } from 'vitest'
import { silentTrail } from '../audit/testing/silent-trail.ts'
import { AddressGuard } from '../http/address-guard.ts'
import { CallsBySource } from '../http/calls-by-source.ts'
import type { Exchange } from '../http/exchange.ts'
import { type Authenticator, UnknownKey } from '../identity/authenticator.ts'
import { anonymousCaller, type Caller } from '../identity/caller.ts'
import { PolicyGate } from '../policy-engine/policy-gate.ts'
import { authenticate } from './authenticate.ts'

const unknown = new UnknownKey('invalid_api_key', 'Unknown.')
const from = (remoteAddress: string): Exchange =>
  // Authentication reads the headers, the address and the route, no more.
  ({
    template: '/chat/completions',
    queryKey: null,
    request: { headers: {}, remoteAddress },
  }) as unknown as Exchange

function open(answer: () => Caller | Promise<Caller>, allowed: string[] = [], limit = 100) {
  return {
    // Only `authenticate` is called.
    authenticator: { authenticate: answer } as unknown as Authenticator,
    failedAttempts: new CallsBySource(
      () => limit,
      () => 0,
    ),
    addresses: new AddressGuard(allowed),
    audit: silentTrail(),
    plugins: null,
    policies: new PolicyGate(
      () => null,
      () => {},
    ),
  }
}

function fail(error: Error): never {
  throw error
}

const codeOf = (attempt: Caller | Promise<Caller>): Promise<unknown> =>
  Promise.resolve(attempt).then(
    () => null,
    (error) => (error instanceof GatewayError ? error.code : error),
  )

describe('authenticate', () => {
  it('waits for nothing when the caller is known', () => {
    expect(
      authenticate(
        open(() => anonymousCaller),
        from('192.0.2.1'),
        'user',
      ),
    ).toBe(anonymousCaller)
  })

  it.each([
    ['at once', (): Caller => fail(unknown)],
    ['later', (): Promise<Caller> => Promise.reject(unknown)],
  ])('rejects what the authenticator refuses %s', async (_, answer) => {
    expect(await codeOf(authenticate(open(answer), from('192.0.2.1'), 'user'))).toBe('invalid_api_key')
  })

  it.each([
    [null, {}, undefined],
    ['from-query', {}, 'from-query'],
    ['from-query', { 'x-goog-api-key': 'from-header' }, 'from-header'],
  ])('lets the key %s of a query stand in for the header of %j', (queryKey, headers, expected) => {
    let seen: unknown
    const authenticator = {
      authenticate: (given: Readonly<Record<string, unknown>>) => {
        seen = given['x-goog-api-key']
        return anonymousCaller
      },
    } as unknown as Authenticator
    const exchange = { ...from('192.0.2.1'), queryKey, request: { headers } } as unknown as Exchange
    const identity = { ...open(() => anonymousCaller), authenticator }
    void authenticate(identity, exchange, 'user')
    expect(seen).toBe(expected)
  })

  it('refuses addresses before keys, whatever the key', async () => {
    const identity = open(() => fail(new Error('must not be asked')), ['10.0.0.0/8'])
    expect(await codeOf(authenticate(identity, from('192.0.2.1'), 'user'))).toBe('permission_denied')
    expect(
      await codeOf(
        authenticate(
          open(() => anonymousCaller, ['10.0.0.0/8']),
          from('10.1.1.1'),
          'user',
        ),
      ),
    ).toBeNull()
  })

  it.each([
    ['at once', (caller: Caller) => caller],
    ['later', (caller: Caller) => Promise.resolve(caller)],
  ])('holds a key known %s to its routes', async (_, give) => {
    const limited = { ...anonymousCaller, allowedRoutes: ['/models'] }
    expect(
      await codeOf(
        authenticate(
          open(() => give(limited)),
          from('192.0.2.1'),
          'user',
        ),
      ),
    ).toBe('permission_denied')
  })

  it('slows down and then refuses an address that guesses, and no other', async () => {
    const identity = open(() => fail(unknown), [], 1)
    const attempt = (address: string) => codeOf(authenticate(identity, from(address), 'user'))
    expect(await attempt('192.0.2.1')).toBe('invalid_api_key')
    expect(await Promise.all([attempt('192.0.2.1'), attempt('192.0.2.2')])).toEqual([
      'rate_limit_exceeded',
      'invalid_api_key',
    ])
  })

  it('counts no other refusal as guessing', async () => {
    const expired = new GatewayError('expired_key', 'Expired.')
    const identity = open(() => fail(expired), [], 0)
    for (let turn = 0; turn < 3; turn += 1)
      expect(await codeOf(authenticate(identity, from('192.0.2.1'), 'user'))).toBe('expired_key')
  })
})
