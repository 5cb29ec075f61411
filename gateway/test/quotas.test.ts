import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { type Gateway, type IssuedKey, startGateway } from './harness/start-gateway.ts'

const presets = fileURLToPath(new URL('../../examples/quotas/', import.meta.url))

let gateway: Gateway
let acme: IssuedKey
let other: IssuedKey

beforeAll(async () => {
  gateway = await startGateway({ config: {} })
  acme = await gateway.createKey({ organization_id: 'acme' })
  other = await gateway.createKey({ organization_id: 'other' })
})
afterAll(() => gateway?.stop())

const asAdmin = (path: string, options: object = {}) =>
  call(gateway.url, `/api/v1/quotas${path}`, { key: gateway.masterKey, ...options })
const set = (path: string, body: object | string) => asAdmin(path, { method: 'PUT', body })

describe('quotas', () => {
  it('are unlimited until an admin sets one, and say what is used', async () => {
    const answer = await call(gateway.url, '/api/v1/quotas', { key: acme.key })
    expect(answer.json()).toEqual({
      workspace: {
        workspace_id: 'acme',
        key: null,
        plan: 'unlimited',
        limits: {},
        used: { traces_month: 0, judge_calls_month: 0, benchmark_cases_month: 0 },
      },
      key: expect.objectContaining({ key: acme.token, plan: 'unlimited' }),
    })
  })

  it('are set by admins alone', async () => {
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const body = method === 'PUT' ? { limits: {} } : undefined
      const answer = await call(gateway.url, '/api/v1/quotas/acme', {
        method,
        key: acme.key,
        ...(body && { body }),
      })
      expect([answer.status, answer.json().code]).toEqual([403, 'permission_denied'])
    }
  })

  it('hold for the workspace they were set for, until they are removed', async () => {
    expect((await set('/acme', { plan: 'core', limits: { keys: 2, publish: false } })).json()).toMatchObject({
      workspace_id: 'acme',
      plan: 'core',
      limits: { keys: 2, publish: false },
    })
    const seen = async (key: string) =>
      (await call(gateway.url, '/api/v1/quotas', { key })).json().workspace.plan as string
    expect([await seen(acme.key), await seen(other.key)]).toEqual(['core', 'unlimited'])
    await gateway.createKey({ organization_id: 'acme' })
    const refused = await call(gateway.url, '/key/generate', {
      key: gateway.masterKey,
      body: { organization_id: 'acme' },
    })
    expect(refused.status).toBe(429)
    expect(refused.headers).toMatchObject({ 'x-quota-exceeded': 'keys', 'x-ratelimit-plan': 'core' })
    expect(refused.headers['retry-after']).toBeUndefined()
    await gateway.createKey({ organization_id: 'other' })
    expect((await asAdmin('/acme', { method: 'DELETE' })).json()).toEqual({ status: 'ok', deleted: true })
    expect((await asAdmin('/acme', { method: 'DELETE' })).json()).toEqual({ status: 'ok', deleted: false })
    await gateway.createKey({ organization_id: 'acme' })
  })

  it('can be set for one key, by its digest', async () => {
    const path = `/acme?key=${acme.token}`
    expect((await set(path, { plan: 'guest', limits: { traces_month: 5 } })).status).toBe(200)
    const answer = await call(gateway.url, '/api/v1/quotas', { key: acme.key })
    expect(answer.json().key).toMatchObject({ plan: 'guest', limits: { traces_month: 5 } })
    expect((await set('/acme?key=sk-secret', { limits: {} })).json()).toMatchObject({
      code: 'invalid_request',
      detail: expect.stringContaining('token_id'),
    })
    await asAdmin(path, { method: 'DELETE' })
  })

  it('hold for the traces of a month, of which none is kept beyond them', async () => {
    await set('/acme', { plan: 'core', limits: { traces_month: 3, compare: false, leaderboard: false } })
    const send = (path: string, body: object, method = 'POST') =>
      call(gateway.url, `/api/v1${path}`, { method, key: acme.key, body })
    const trace = () => ({ agent_name: 'helper' })
    expect((await send('/traces', trace())).status).toBe(200)
    const refused = await send('/traces/batch', [trace(), trace(), trace()])
    expect([refused.status, refused.headers['x-quota-exceeded']]).toEqual([429, 'traces_month'])
    expect(refused.headers['retry-after']).toBeUndefined()
    expect(refused.json().detail).toMatchObject({ plan: 'core', used: 1, limit: 3 })
    expect((await send('/import/traces', { traces: [trace(), trace()] })).json().imported_count).toBe(2)
    expect((await send('/traces', trace())).status).toBe(429)
    const get = (path: string) => call(gateway.url, `/api/v1/skills/analytics${path}`, { key: acme.key })
    expect((await get('/leaderboard')).json()).toMatchObject({ code: 'feature_disabled' })
    const compared = await get('/compare?skill_name=a&baseline_hash=b&candidate_hash=c')
    expect([compared.status, compared.json().detail]).toMatchObject([
      403,
      { plan: 'core', feature: 'compare' },
    ])
    expect((await get('/metrics')).status).toBe(200)
    await asAdmin('/acme', { method: 'DELETE' })
  })

  it('outlive a restart', async () => {
    await set('/acme', { plan: 'pro', limits: { skills: 250 } })
    await gateway.restart()
    expect((await asAdmin('/acme')).json()).toMatchObject({ plan: 'pro', limits: { skills: 250 } })
  })

  it('of a dimension nobody counts are refused, with the field', async () => {
    const answer = await set('/acme', { limits: { skill: 5 } })
    expect(answer.status).toBe(422)
    expect(answer.json().details.errors).toEqual([
      { field: 'limits', message: expect.stringContaining('skill') },
    ])
    expect((await set('/acme', '{')).status).toBe(422)
  })

  it.each(readdirSync(presets))('can be taken from the example %s', async (name) => {
    const preset = JSON.parse(readFileSync(presets + name, 'utf8'))
    expect((await set('/acme', preset)).json()).toMatchObject(preset)
  })
})
