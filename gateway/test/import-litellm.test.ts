import { createHash } from 'node:crypto'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPostgresDatabase } from '../src/storage/testing/test-databases.ts'
import { findTestServices } from '../src/storage/testing/test-services.ts'
import { call } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { runProduct } from './harness/run-product.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'

const { databaseUrl } = await findTestServices()

const digest = (key: string): string => createHash('sha256').update(key).digest('hex')
const keyOf = (name: string): string => `sk-old-key-of-${name}-0123456789`

/** Tables and columns as LiteLLM's own migrations name them, as far as they matter here. */
const tables = `
  CREATE TABLE "LiteLLM_BudgetTable" (
    budget_id text PRIMARY KEY, max_budget double precision, soft_budget double precision, max_parallel_requests integer,
    tpm_limit bigint, rpm_limit bigint, tpd_limit bigint, model_max_budget jsonb, budget_duration text,
    budget_reset_at timestamp(3), created_at timestamp(3) NOT NULL DEFAULT now(), created_by text NOT NULL,
    updated_at timestamp(3) NOT NULL DEFAULT now(), updated_by text NOT NULL);
  CREATE TABLE "LiteLLM_ObjectPermissionTable" (
    object_permission_id text PRIMARY KEY, mcp_servers text[] DEFAULT '{}', mcp_tool_permissions jsonb, agents text[] DEFAULT '{}');
  CREATE TABLE "LiteLLM_ModelTable" (
    id serial PRIMARY KEY, aliases jsonb, created_at timestamp(3) NOT NULL DEFAULT now(), created_by text NOT NULL,
    updated_at timestamp(3) NOT NULL DEFAULT now(), updated_by text NOT NULL);
  CREATE TABLE "LiteLLM_OrganizationTable" (
    organization_id text PRIMARY KEY, organization_alias text NOT NULL, budget_id text NOT NULL, metadata jsonb NOT NULL DEFAULT '{}',
    models text[], spend double precision NOT NULL DEFAULT 0, model_spend jsonb NOT NULL DEFAULT '{}', object_permission_id text,
    created_at timestamp(3) NOT NULL DEFAULT now(), created_by text NOT NULL, updated_at timestamp(3) NOT NULL DEFAULT now(),
    updated_by text NOT NULL);
  CREATE TABLE "LiteLLM_TeamTable" (
    team_id text PRIMARY KEY, team_alias text, organization_id text, object_permission_id text, admins text[], members text[],
    members_with_roles jsonb NOT NULL DEFAULT '{}', metadata jsonb NOT NULL DEFAULT '{}', max_budget double precision,
    soft_budget double precision, spend double precision NOT NULL DEFAULT 0, models text[], max_parallel_requests integer,
    tpm_limit bigint, rpm_limit bigint, budget_duration text, budget_reset_at timestamp(3), blocked boolean NOT NULL DEFAULT false,
    created_at timestamp(3) NOT NULL DEFAULT now(), updated_at timestamp(3) NOT NULL DEFAULT now(),
    model_spend jsonb NOT NULL DEFAULT '{}', model_max_budget jsonb NOT NULL DEFAULT '{}', router_settings jsonb DEFAULT '{}',
    team_member_permissions text[] DEFAULT '{}', model_id integer, allow_team_guardrail_config boolean NOT NULL DEFAULT false);
  CREATE TABLE "LiteLLM_UserTable" (
    user_id text PRIMARY KEY, user_alias text, team_id text, sso_user_id text, organization_id text, password text,
    teams text[] DEFAULT '{}', user_role text, max_budget double precision, spend double precision NOT NULL DEFAULT 0, user_email text,
    models text[], metadata jsonb NOT NULL DEFAULT '{}', max_parallel_requests integer, tpm_limit bigint, rpm_limit bigint,
    budget_duration text, budget_reset_at timestamp(3), allowed_cache_controls text[] DEFAULT '{}',
    model_spend jsonb NOT NULL DEFAULT '{}', model_max_budget jsonb NOT NULL DEFAULT '{}',
    created_at timestamp(3) DEFAULT now(), updated_at timestamp(3) DEFAULT now());
  CREATE TABLE "LiteLLM_VerificationToken" (
    token text PRIMARY KEY, key_name text, key_alias text, soft_budget_cooldown boolean NOT NULL DEFAULT false,
    spend double precision NOT NULL DEFAULT 0, expires timestamp(3), models text[], aliases jsonb NOT NULL DEFAULT '{}',
    config jsonb NOT NULL DEFAULT '{}', user_id text, team_id text, permissions jsonb NOT NULL DEFAULT '{}',
    max_parallel_requests integer, metadata jsonb NOT NULL DEFAULT '{}', blocked boolean, tpm_limit bigint, rpm_limit bigint,
    tpd_limit bigint, max_budget double precision, budget_duration text, budget_reset_at timestamp(3),
    allowed_cache_controls text[] DEFAULT '{}', allowed_routes text[] DEFAULT '{}', model_spend jsonb NOT NULL DEFAULT '{}',
    model_max_budget jsonb NOT NULL DEFAULT '{}', budget_id text, organization_id text, object_permission_id text,
    created_at timestamp(3) DEFAULT now(), created_by text, updated_at timestamp(3) DEFAULT now(), updated_by text);
  CREATE TABLE "LiteLLM_EndUserTable" (
    user_id text PRIMARY KEY, alias text, spend double precision NOT NULL DEFAULT 0, allowed_model_region text, default_model text,
    budget_id text, blocked boolean NOT NULL DEFAULT false);
  CREATE TABLE "LiteLLM_TagTable" (
    tag_name text PRIMARY KEY, description text, models text[], model_info jsonb, spend double precision NOT NULL DEFAULT 0,
    budget_id text, created_at timestamp(3) NOT NULL DEFAULT now(), created_by text, updated_at timestamp(3) NOT NULL DEFAULT now());
  CREATE TABLE "LiteLLM_TeamMembership" (
    user_id text, team_id text, spend double precision NOT NULL DEFAULT 0, budget_id text, PRIMARY KEY (user_id, team_id));
  CREATE TABLE "LiteLLM_OrganizationMembership" (
    user_id text, organization_id text, user_role text, spend double precision DEFAULT 0, budget_id text,
    created_at timestamp(3) DEFAULT now(), updated_at timestamp(3) DEFAULT now(), PRIMARY KEY (user_id, organization_id));
  CREATE TABLE "LiteLLM_ProxyModelTable" (model_id text PRIMARY KEY, model_name text NOT NULL, litellm_params jsonb NOT NULL);
  CREATE TABLE "LiteLLM_SpendLogs" (request_id text PRIMARY KEY, spend double precision);`

const rows = `
  INSERT INTO "LiteLLM_BudgetTable" (budget_id, max_budget, budget_duration, rpm_limit, created_by, updated_by) VALUES
    ('shared', 40, '30d', NULL, 'admin', 'admin'), ('small', 3, NULL, 7, 'admin', 'admin');
  INSERT INTO "LiteLLM_ObjectPermissionTable" (object_permission_id, mcp_servers) VALUES ('perm', '{files}');
  INSERT INTO "LiteLLM_ModelTable" (id, aliases, created_by, updated_by) VALUES (1, '{"fast": "mini"}', 'admin', 'admin');
  INSERT INTO "LiteLLM_OrganizationTable" (organization_id, organization_alias, budget_id, models, spend, created_by, updated_by)
    VALUES ('acme', 'Acme', 'shared', '{gpt,mini}', 2.5, 'admin', 'admin');
  INSERT INTO "LiteLLM_TeamTable" (team_id, team_alias, organization_id, members_with_roles, metadata, models, max_budget, spend,
      tpm_limit, model_id, allow_team_guardrail_config, created_at)
    VALUES ('red', 'Red team', 'acme', '[{"user_id": "ada", "role": "admin"}, {"user_id": "bob", "role": "user"}]',
      '{"team_member_budget_id": "small", "tags": ["research"]}', '{gpt,mini}', 100, 12.5, 9000, 1, true, '2025-01-02 03:04:05.678');
  INSERT INTO "LiteLLM_UserTable" (user_id, user_alias, user_role, user_email, max_budget, spend, teams, models, password, metadata) VALUES
    ('ada', 'Ada', 'internal_user', 'ada@example.com', 20, 1.25, '{red}', '{}', 'scrypt-of-a-password', '{"floor": 3}'),
    ('bob', NULL, NULL, 'bob@example.com', NULL, 0, '{red,blue}', '{no-default-models}', NULL, '{}');
  INSERT INTO "LiteLLM_TeamMembership" VALUES ('ada', 'red', 0.75, 'small');
  INSERT INTO "LiteLLM_OrganizationMembership" (user_id, organization_id, user_role) VALUES ('ada', 'acme', 'org_admin');
  INSERT INTO "LiteLLM_EndUserTable" (user_id, alias, spend, budget_id, blocked) VALUES ('eve', 'Eve', 1, 'small', false), ('mallory', NULL, 0, NULL, true);
  INSERT INTO "LiteLLM_TagTable" (tag_name, description, budget_id) VALUES ('research', 'of the lab', 'shared');
  INSERT INTO "LiteLLM_ProxyModelTable" VALUES ('m', 'gpt', '{"model": "encrypted"}');
  INSERT INTO "LiteLLM_SpendLogs" VALUES ('1', 1), ('2', 2);`

interface Token {
  readonly key: string
  readonly [column: string]: unknown
}

const tokens: readonly Token[] = [
  {
    ...{
      key: keyOf('ada'),
      key_alias: 'notebook',
      user_id: 'ada',
      team_id: 'red',
      models: ['gpt'],
      spend: 4,
    },
    ...{ max_budget: 10, budget_duration: '30d', tpm_limit: 5_000, object_permission_id: 'perm' },
    metadata: { tags: ['nightly'], model_rpm_limit: { gpt: 5 }, floor: 3 },
    aliases: { smart: 'gpt' },
  },
  { key: keyOf('twin'), key_alias: 'notebook', user_id: 'bob', tpd_limit: 1_000_000 },
  { key: keyOf('blocked'), blocked: true },
  { key: keyOf('expired'), expires: '2025-01-01 00:00:00' },
  { key: keyOf('poor'), max_budget: 1, spend: 1 },
  { key: keyOf('dashboard'), team_id: 'litellm-dashboard', user_id: 'ada' },
]

describe.skipIf(databaseUrl === null)('routeiq import litellm', () => {
  let upstream: ScriptedUpstream
  let gateway: Gateway
  let source: { url: string; drop(): Promise<void> }
  const run = async (...flags: string[]) => {
    const argv = [
      'import',
      'litellm',
      '--config',
      gateway.configFile,
      '--data-dir',
      gateway.dataDir,
      ...flags,
    ]
    const product = runProduct(argv, { LITELLM_DATABASE_URL: source.url }, gateway.dataDir)
    const { code } = await product.exited
    return { code, stdout: product.stdout(), stderr: product.stderr() }
  }
  const get = async (path: string) => (await call(gateway.url, path, { key: masterKey })).json()
  const chat = (key: string, body: object = {}) =>
    call(gateway.url, '/v1/chat/completions', {
      key,
      body: { model: 'gpt', messages, max_tokens: 7, ...body },
    })

  beforeAll(async () => {
    source = await createPostgresDatabase(databaseUrl ?? '')
    const client = new Client(source.url)
    await client.connect()
    await client.query(tables)
    await client.query(rows)
    for (const { key, ...columns } of tokens) {
      const row = { token: digest(key), key_name: `sk-...${key.slice(-4)}`, ...columns }
      const names = Object.keys(row)
      await client.query(
        `INSERT INTO "LiteLLM_VerificationToken" (${names.join()}) SELECT ${names.join()}
         FROM jsonb_populate_record(NULL::"LiteLLM_VerificationToken", $1)`,
        [JSON.stringify(row)],
      )
    }
    await client.end()
    upstream = await startScriptedUpstream()
    const prices = { input_cost_per_token: 0.001, output_cost_per_token: 0.002 }
    const models = ['gpt', 'mini'].map((name) => deployment(name, upstream.openaiBase, prices))
    gateway = await startGateway({ config: { model_list: models } })
    gateway.kill('SIGTERM')
    await gateway.exited()
  })
  afterAll(async () => {
    await gateway?.stop()
    await upstream?.close()
    await source?.drop()
  })

  it('says beforehand what it would do, and does not do it', async () => {
    const { code, stdout, stderr } = await run('--dry-run', '--json')
    expect(code, stderr).toBe(0)
    expect(JSON.parse(stdout)).toEqual({
      dry_run: true,
      budgets: { found: 2, imported: 2, existing: 0 },
      organizations: { found: 1, imported: 1, existing: 0 },
      teams: { found: 1, imported: 1, existing: 0 },
      users: { found: 2, imported: 2, existing: 0 },
      memberships: { found: 3, imported: 3, existing: 0 },
      customers: { found: 2, imported: 2, existing: 0 },
      tags: { found: 1, imported: 1, existing: 0 },
      keys: { found: 5, imported: 5, existing: 0 },
      skipped: { "keys of sessions of LiteLLM's dashboard": 1, 'aliases of keys that another key has': 1 },
      left_columns: { 'teams.allow_team_guardrail_config': 1, 'users.password': 1, 'keys.tpd_limit': 1 },
      left_tables: { LiteLLM_ProxyModelTable: 1, LiteLLM_SpendLogs: 2 },
    })
    const again = await run('--dry-run', '--json')
    expect(JSON.parse(again.stdout).keys).toEqual({ found: 5, imported: 5, existing: 0 })
  })

  it('copies everything once, and leaves what is there as it is', async () => {
    const first = await run()
    expect(first.code, first.stderr).toBe(0)
    expect(first.stdout).toMatch(/keys +5 imported +0 there already/)
    expect(first.stdout).toContain('LiteLLM_SpendLogs: 2')
    expect(first.stdout + first.stderr).not.toContain(source.url)
    const second = JSON.parse((await run('--json')).stdout)
    for (const kind of ['budgets', 'teams', 'users', 'memberships', 'customers', 'tags', 'keys'])
      expect(second[kind], kind).toMatchObject({ imported: 0 })
    await gateway.restart()
  })

  it('lets clients go on with the keys they have, held to what they were held to', async () => {
    expect((await chat(keyOf('ada'))).status).toBe(200)
    expect((await chat(keyOf('ada'), { model: 'smart' })).status).toBe(200)
    const statuses = async (name: string) => {
      const { status, text } = await chat(keyOf(name))
      return `${status} ${/"code":"(\w+)"/.exec(text)?.[1]}`
    }
    expect((await chat(keyOf('ada'), { model: 'mini' })).status).toBe(403)
    // Its user may call nothing outside of teams.
    expect((await chat(keyOf('twin'))).status).toBe(403)
    expect(await statuses('poor')).toBe('429 budget_exceeded')
    expect(await statuses('blocked')).toMatch(/^40[13]/)
    expect(await statuses('expired')).toMatch(/^401/)
    expect(await statuses('dashboard')).toMatch(/^401/)
    expect((await chat(keyOf('ada'), { user: 'mallory' })).status).toBeGreaterThanOrEqual(400)
    // A digest is no key, wherever it came from.
    expect((await chat(digest(keyOf('ada')))).status).toBe(401)
  })

  it('keeps what keys, people and groups are, and what they have spent', async () => {
    const { info } = await get(`/key/info?key=${digest(keyOf('ada'))}`)
    expect(info).toMatchObject({
      ...{
        key_alias: 'notebook',
        user_id: 'ada',
        team_id: 'red',
        models: ['gpt'],
        aliases: { smart: 'gpt' },
      },
      ...{ max_budget: 10, budget_duration: '30d', tpm_limit: 5_000, tags: ['nightly'] },
      ...{
        model_rpm_limit: { gpt: 5 },
        metadata: { floor: 3 },
        object_permission: { mcp_servers: ['files'] },
      },
    })
    expect(info.spend).toBeGreaterThanOrEqual(4)
    expect((await get(`/key/info?key=${digest(keyOf('twin'))}`)).info.key_alias).toBeNull()
    const { team_info, team_memberships } = await get('/team/info?team_id=red')
    expect(team_info).toMatchObject({
      ...{ team_alias: 'Red team', organization_id: 'acme', max_budget: 100, tpm_limit: 9_000 },
      ...{ model_aliases: { fast: 'mini' }, team_member_budget: 3, created_at: '2025-01-02T03:04:05.678Z' },
    })
    expect(team_info.spend).toBeGreaterThanOrEqual(12.5)
    expect(team_info.members_with_roles).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ user_id: 'ada', role: 'admin' }),
        expect.objectContaining({ user_id: 'bob', role: 'user' }),
      ]),
    )
    expect(team_memberships).toEqual(expect.arrayContaining([expect.objectContaining({ user_id: 'ada' })]))
    expect((await get('/user/info?user_id=ada')).user_info).toMatchObject({
      ...{ user_email: 'ada@example.com', user_role: 'internal_user', max_budget: 20, spend: 1.25 },
    })
    expect(await get('/organization/info?organization_id=acme')).toMatchObject({
      ...{ organization_alias: 'Acme', budget_id: 'shared', models: ['gpt', 'mini'] },
      members: [expect.objectContaining({ user_id: 'ada', user_role: 'org_admin' })],
    })
    expect(await get('/customer/info?end_user_id=eve')).toMatchObject({
      ...{ alias: 'Eve', litellm_budget_table: { max_budget: 3, rpm_limit: 7 } },
    })
  })

  it('says what is wrong, in words or as JSON, and never where the database is', async () => {
    const nowhere = await run('--from', 'postgresql://user:canary-password@127.0.0.1:1/x')
    expect(nowhere).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('LiteLLM is not usable'),
    })
    expect(nowhere.stderr).not.toContain('canary')
    const noUrl = await run('--from', 'mysql://x', '--json')
    expect(noUrl.code).toBe(2)
    expect(JSON.parse(noUrl.stdout)).toMatchObject({
      error: { exit_code: 2, message: expect.stringContaining('--from') },
    })
    const empty = await createPostgresDatabase(databaseUrl ?? '')
    expect((await run('--from', empty.url)).stderr).toContain('no database of LiteLLM')
    await empty.drop()
    expect((await run('--help')).stdout).toContain('--dry-run')
  })
})
