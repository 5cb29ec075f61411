import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { parseFencedBlocks } from './docs/fenced-blocks.ts'
import { type Answer, call } from './harness/call-gateway.ts'
import { removeDirectory, temporaryDirectory } from './harness/data-directory.ts'
import { deployment, messages } from './harness/deployments.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { respond } from './harness/steps.ts'
import { waitUntil } from './harness/wait-until.ts'

const page = new URL('../../docs/governance.md', import.meta.url)
const [example] = parseFencedBlocks('docs/governance.md', readFileSync(page, 'utf8')).filter(
  ({ language, text }) => language === 'yaml' && text.includes('default_action'),
)

let upstream: ScriptedUpstream
let gateway: Gateway
let directory: string
let policyFile: string

const deny = (members: object) => ({ name: 'r', action: 'deny', reason: 'Because.', ...members })

const configOf = (extra: object = {}) => ({
  model_list: ['gpt', 'claude', 'cheap'].map((name) => deployment(name, upstream.openaiBase)),
  router_settings: { model_group_alias: { nickname: 'gpt' }, fallbacks: [{ cheap: ['gpt'] }] },
  ...extra,
})

const writePolicies = (document: object | string): void =>
  writeFileSync(policyFile, typeof document === 'string' ? document : JSON.stringify(document))

/** Policies are read with the configuration. */
async function usePolicies(document: object | string): Promise<void> {
  writePolicies(document)
  await gateway.reload(configOf())
}

beforeAll(async () => {
  directory = await temporaryDirectory()
  policyFile = join(directory, 'policies.yaml')
  writePolicies({})
  upstream = await startScriptedUpstream()
  const env = { POLICY_ENGINE_ENABLED: 'true', POLICY_CONFIG_PATH: policyFile }
  gateway = await startGateway({ config: configOf(), env })
})
beforeEach(() => upstream.reset())

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
  if (directory !== undefined) await removeDirectory(directory)
})

function chat(key: string, body: object = {}, path = '/v1/chat/completions'): Promise<Answer> {
  return call(gateway.url, path, { key, body: { model: 'gpt', messages, num_retries: 0, ...body } })
}

function expectDenied(answer: Answer, reason = 'Because.'): void {
  expect(answer.status).toBe(403)
  expect(answer.json()).toEqual({
    error: 'policy_denied',
    message: reason,
    request_id: answer.headers['x-request-id'],
  })
}

describe('a rule', () => {
  it('refuses before a provider is asked, streams and other dialects too, and says so in the audit log', async () => {
    await usePolicies({ rules: [deny({ name: 'no-gpt', models: ['gpt*'] })] })
    const { key, token } = await gateway.createKey()
    const first = await chat(key)
    expectDenied(first)
    expectDenied(await chat(key, { stream: true }))
    expectDenied(await chat(key, { max_tokens: 9 }, '/v1/messages'))
    expectDenied(await chat(key, { input: 'hi' }, '/v1/responses'))
    expectDenied(await chat(key, {}, '/v1/messages/count_tokens'))
    expectDenied(await chat(masterKey))
    expect(upstream.requests).toEqual([])
    expect((await chat(key, { model: 'claude' })).status).toBe(200)
    const line = `"request_id":"${first.headers['x-request-id']}"`
    const written = () =>
      gateway
        .stdout()
        .split('\n')
        .find((text) => text.includes(line) && text.includes('policy.decision'))
    await waitUntil('the audit line is written', () => written() !== undefined)
    expect(JSON.parse(written() ?? '')).toMatchObject({
      event: 'audit',
      actor_id: token.slice(0, 16),
      outcome: 'denied',
      outcome_reason: 'Because.',
      rule: 'no-gpt',
      model: 'gpt',
      resource_id: 'POST /chat/completions',
    })
  })

  it('sees both names of an alias, and models a request would fall back to', async () => {
    const { key } = await gateway.createKey({ aliases: { mine: 'gpt' } })
    await usePolicies({ rules: [deny({ models: ['gpt'] })] })
    for (const model of ['nickname', 'mine']) expectDenied(await chat(key, { model }))
    upstream.script('cheap', respond(500, '{}'))
    const fallen = await chat(key, { model: 'cheap', fallbacks: ['gpt'] })
    expect(fallen.status).toBeGreaterThanOrEqual(500)
    expect(upstream.requestsFor('gpt')).toEqual([])
    await usePolicies({ rules: [deny({ models: ['nickname'] })] })
    expectDenied(await chat(key, { model: 'nickname' }))
    expect((await chat(key)).status).toBe(200)
  })

  it.each([
    '/chat/completions',
    '/v1/chat/completions',
    '/v1/chat/completions/',
    '/v1/chat/completions?x=1',
    '/v1/chat%2fcompletions',
    '/v1/./chat/completions',
    '/v1//chat/completions',
    '/V1/CHAT/completions',
    '/v1/v1/chat/completions',
    '/engines/gpt/chat/completions',
    '/openai/deployments/gpt/chat/completions',
    '/openai/v1/chat/completions',
  ])('about a route cannot be dodged by %s', async (path) => {
    await usePolicies({ rules: [deny({ routes: ['/v1/Chat/Completions'], methods: ['post'] })] })
    const answer = await chat(masterKey, {}, path)
    if (answer.status !== 404) expectDenied(answer)
    expect(upstream.requests).toEqual([])
  })

  it('concerns teams, users and keys as they are known, never what a header says', async () => {
    await usePolicies({
      rules: [deny({ teams: ['red'] }), deny({ users: ['^a.n$'] }), deny({ api_keys: ['notebook'] })],
    })
    await call(gateway.url, '/team/new', { key: masterKey, body: { team_id: 'red' } })
    const ofTeam = await gateway.createKey({ team_id: 'red' })
    const ofUser = await gateway.createKey({ user_id: 'ann' })
    const named = await gateway.createKey({ key_alias: 'notebook' })
    const other = await gateway.createKey()
    for (const { key } of [ofTeam, ofUser, named]) expectDenied(await chat(key))
    const headers = { 'x-team-id': 'red', 'x-user-id': 'ann' }
    const spoofed = await call(gateway.url, '/v1/chat/completions', {
      ...{ key: other.key, headers, body: { model: 'gpt', messages, user: 'ann' } },
    })
    expect(spoofed.status).toBe(200)
  })

  it('concerns addresses, management and public routes, but no probes', async () => {
    await usePolicies({ default_action: 'deny', rules: [] })
    for (const path of ['/key/list', '/v1/models', '/api/v1/quotas', '/config/status'])
      expectDenied(await call(gateway.url, path, { key: masterKey }), 'No matching policy rule')
    for (const path of ['/_health/live', '/_health/ready', '/health/liveliness', '/metrics'])
      expect((await call(gateway.url, path)).status).toBe(200)
    writePolicies({ rules: [deny({ source_ips: ['127.0.0.0/8'], routes: ['/v1/models'] })] })
    gateway.kill('SIGHUP')
    await waitUntil(
      'the new rules are in force',
      async () => (await call(gateway.url, '/key/list', { key: masterKey })).status === 200,
    )
    expectDenied(await call(gateway.url, '/models', { key: masterKey }))
    expectDenied(await call(gateway.url, '/models', { method: 'HEAD', key: masterKey }).then(withBody))
  })
})

/** HEAD has no body to look at. */
function withBody(answer: Answer): Answer {
  const body = { error: 'policy_denied', message: 'Because.', request_id: answer.headers['x-request-id'] }
  return { ...answer, json: () => body }
}

describe('the policy file', () => {
  it('keeps the rules in force when it is broken, and other changes are taken', async () => {
    await usePolicies({ rules: [deny({ models: ['gpt'] })] })
    writePolicies('rules: [{name: r, action: maybe}]')
    await gateway.reload(
      configOf({
        model_list: ['gpt', 'new'].map((name) => deployment(name, upstream.openaiBase)),
        router_settings: {},
      }),
    )
    expectDenied(await chat(masterKey))
    expect((await chat(masterKey, { model: 'new' })).status).toBe(200)
    await waitUntil('the log says why', () => gateway.stdout().includes('rules[0].action'))
    await usePolicies({})
    expect((await chat(masterKey)).status).toBe(200)
  })

  it('works as the page shows it', async () => {
    const plain = await gateway.createKey()
    const { key } = await gateway.createKey({ user_id: 'trial-7' })
    await usePolicies(example?.text ?? '')
    expect((await chat(plain.key, { model: 'claude' })).status).toBe(200)
    expectDenied(await chat(key), 'Trials may use cheap models.')
    expect((await chat(key, { model: 'cheap' })).status).toBe(200)
    expectDenied(await call(gateway.url, '/key/list', { key: masterKey }), 'Management only from the office.')
  })
})

describe('a gateway that starts without usable rules', () => {
  it.each([
    ['closed', 403],
    ['open', 200],
  ])('with POLICY_ENGINE_FAIL_MODE=%s answers %i until they are mended', async (mode, status) => {
    const file = join(directory, `broken-${mode}.yaml`)
    writeFileSync(file, 'rules: nothing')
    const env = { POLICY_ENGINE_ENABLED: 'true', POLICY_CONFIG_PATH: file, POLICY_ENGINE_FAIL_MODE: mode }
    const broken = await startGateway({ config: configOf(), env })
    const ask = async (): Promise<number> => (await call(broken.url, '/v1/models', { key: masterKey })).status
    try {
      expect(await ask()).toBe(status)
      expect((await call(broken.url, '/_health/ready')).status).toBe(200)
      writeFileSync(file, JSON.stringify({ rules: [deny({ routes: ['/key/*'] })] }))
      broken.kill('SIGHUP')
      await waitUntil(
        'the rules are in force',
        async () =>
          (await call(broken.url, '/key/list', { key: masterKey })).status === 403 && (await ask()) === 200,
      )
    } finally {
      await broken.stop()
    }
  })
})
