import { afterAll, beforeAll, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'

let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway({
    config: {
      litellm_settings: {
        key_generation_settings: {
          team_key_generation: { allowed_team_member_roles: ['admin'], required_params: ['tags'] },
          personal_key_generation: { allowed_user_roles: ['org_admin'] },
        },
      },
    },
    env: { ROUTEIQ_MANAGEMENT_RBAC_ENABLED: 'true' },
  })
  await ask('/team/new', masterKey, { team_id: 'red' })
  for (const [user_id, role] of [
    ['lead', 'admin'],
    ['member', 'user'],
  ] as const) {
    await ask('/user/new', masterKey, { user_id, user_role: 'internal_user', auto_create_key: false })
    await ask('/team/member_add', masterKey, { team_id: 'red', member: { role, user_id } })
  }
})
afterAll(() => gateway?.stop())

const ask = (path: string, key: string, body: object) => call(gateway.url, path, { key, body })

it('keys of a team are made by those with the role, and say what they must', async () => {
  const { key: lead } = await gateway.createKey({ user_id: 'lead' })
  const { key: member } = await gateway.createKey({ user_id: 'member' })
  const team = { team_id: 'red' }
  const refused = await ask('/key/generate', member, { ...team, tags: ['x'] })
  expect([refused.status, refused.json().error.message]).toEqual([403, expect.stringContaining('admin')])
  const incomplete = await ask('/key/generate', lead, team)
  expect([incomplete.status, incomplete.json().error.param]).toEqual([400, 'tags'])
  const made = await ask('/key/generate', lead, { ...team, tags: ['x'] })
  expect(made.status, made.text).toBe(200)
})

it('personal keys are made by users with the role, also by themselves', async () => {
  const { key } = await gateway.createKey({ user_id: 'lead' })
  for (const path of ['/key/generate', '/me/keys']) {
    const refused = await ask(path, key, {})
    expect([path, refused.status, refused.text]).toEqual([path, 403, expect.stringContaining('org_admin')])
  }
  await ask('/user/new', masterKey, { user_id: 'boss', user_role: 'org_admin', auto_create_key: false })
  const { key: boss } = await gateway.createKey({ user_id: 'boss' })
  expect((await ask('/me/keys', boss, {})).status).toBe(201)
  expect((await ask('/key/generate', boss, {})).status).toBe(200)
})

it('admins make all keys', async () => {
  expect((await ask('/key/generate', masterKey, { team_id: 'red' })).status).toBe(200)
  expect((await ask('/key/generate', masterKey, {})).status).toBe(200)
})
