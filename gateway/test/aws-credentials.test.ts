import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { grantRoles, readStsForm } from './harness/aws-sts.ts'
import { call } from './harness/call-gateway.ts'
import { messages } from './harness/deployments.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey as key, startGateway } from './harness/start-gateway.ts'
import { answerTruly, respond } from './harness/steps.ts'
import { requireSignature } from './harness/verify-signature.ts'

const directory = mkdtempSync(join(tmpdir(), 'routeiq-aws-'))
const credentialsFile = join(directory, 'credentials')
const tokenFile = join(directory, 'token')
const machineTokenFile = join(directory, 'machine-token')
const role = 'arn:aws:iam::123456789012:role/models'
const keys = { aws_access_key_id: 'AKID', aws_secret_access_key: 'long-lived' }
let upstream: ScriptedUpstream
let gateway: Gateway

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  writeFileSync(credentialsFile, '[work]\naws_access_key_id = AKID\naws_secret_access_key = of-the-profile\n')
  writeFileSync(tokenFile, 'identity-1\n')
  writeFileSync(machineTokenFile, 'machine-1\n')
  const entry = (model_name: string, params: object): object => ({
    model_name,
    litellm_params: {
      model: `bedrock/amazon.${model_name}-v1:0`,
      api_base: upstream.origin,
      aws_region_name: 'eu-west-1',
      aws_sts_endpoint: upstream.origin,
      ...params,
    },
  })
  gateway = await startGateway({
    env: {
      AWS_SHARED_CREDENTIALS_FILE: credentialsFile,
      AWS_WEB_IDENTITY_TOKEN_FILE: machineTokenFile,
      AWS_ROLE_ARN: 'arn:aws:iam::1:role/machine',
    },
    config: {
      model_list: [
        entry('profile', { aws_profile_name: 'work' }),
        entry('nobody', { aws_profile_name: 'nobody' }),
        entry('role', { ...keys, aws_role_name: role, aws_session_name: 's', aws_external_id: 'e' }),
        entry('profile-role', { aws_profile_name: 'work', aws_role_name: role }),
        entry('identity', { aws_web_identity_token: `oidc/file${tokenFile}`, aws_role_name: role }),
        entry('machine', {}),
        entry('machine-role', { aws_role_name: role }),
        entry('denied', { ...keys, aws_secret_access_key: 'wrong', aws_role_name: role }),
      ],
      router_settings: { num_retries: 0, disable_cooldowns: true },
    },
  })
})
afterEach(() => upstream.reset())
afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
  rmSync(directory, { recursive: true })
})

const chat = (model: string) => call(gateway.url, '/v1/chat/completions', { key, body: { model, messages } })
const upstreamModel = (model: string) => `amazon.${model}-v1:0`
const requireSecret = (model: string, secret: string): void =>
  upstream.script(upstreamModel(model), requireSignature(secret, answerTruly()))
const stsCalls = () => upstream.requestsFor('').map(readStsForm)

it('signs with the keys of a profile, read again when they are refused', async () => {
  requireSecret('profile', 'of-the-profile')
  expect((await chat('profile')).status).toBe(200)
  writeFileSync(credentialsFile, '[work]\naws_access_key_id = AKID\naws_secret_access_key = changed\n')
  requireSecret('profile', 'changed')
  expect((await chat('profile')).status).toBe(401)
  expect((await chat('profile')).status).toBe(200)
  writeFileSync(credentialsFile, '[work]\naws_access_key_id = AKID\naws_secret_access_key = of-the-profile\n')
})

it('takes on a role with its keys, once for all requests', async () => {
  upstream.script('', grantRoles(['long-lived'], []))
  requireSecret('role', 'secret-1')
  const answers = await Promise.all([chat('role'), chat('role'), chat('role')])
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
  expect(stsCalls()).toEqual([
    {
      Action: 'AssumeRole',
      Version: '2011-06-15',
      RoleArn: role,
      RoleSessionName: 's',
      ExternalId: 'e',
    },
  ])
  expect(upstream.requestsFor(upstreamModel('role'))[0]?.headers['x-amz-security-token']).toBe('session-1==')
})

it('takes the role on again when the credentials have expired', async () => {
  upstream.script('', grantRoles(['of-the-profile'], []))
  requireSecret('profile-role', 'secret-1')
  expect((await chat('profile-role')).status).toBe(200)
  const expired = respond(403, { message: 'expired' }, { 'x-amzn-errortype': 'ExpiredTokenException' })
  upstream.script(upstreamModel('profile-role'), expired, requireSignature('secret-2', answerTruly()))
  expect((await chat('profile-role')).status).toBeGreaterThanOrEqual(400)
  expect((await chat('profile-role')).status).toBe(200)
  expect(stsCalls()).toHaveLength(2)
})

it('takes on a role with a web identity, whose file is read each time', async () => {
  upstream.script('', grantRoles([], ['identity-1', 'identity-2'], 1_000))
  upstream.script(upstreamModel('identity'), answerTruly())
  expect((await chat('identity')).status).toBe(200)
  writeFileSync(tokenFile, 'identity-2')
  upstream.script(upstreamModel('identity'), respond(403, { message: 'expired' }), answerTruly())
  await chat('identity')
  expect((await chat('identity')).status).toBe(200)
  const tokens = stsCalls().map(({ WebIdentityToken }) => WebIdentityToken)
  expect(tokens[0]).toBe('identity-1')
  expect(tokens.at(-1)).toBe('identity-2')
  expect(upstream.requestsFor('')[0]?.headers).not.toHaveProperty('authorization')
})

it('uses the web identity of the machine when it has nothing else, and takes on another role with it', async () => {
  upstream.script('', grantRoles(['secret-2'], ['machine-1']))
  requireSecret('machine', 'secret-1')
  expect((await chat('machine')).status).toBe(200)
  requireSecret('machine-role', 'secret-3')
  expect((await chat('machine-role')).status).toBe(200)
  // Credentials of the test before are replaced while they are still used, and may be asked for only now.
  const calls = stsCalls().filter(({ WebIdentityToken }) => !WebIdentityToken?.startsWith('identity-'))
  expect(calls.map(({ RoleArn }) => RoleArn)).toEqual([
    'arn:aws:iam::1:role/machine',
    'arn:aws:iam::1:role/machine',
    role,
  ])
})

it('says why there are no credentials, and shows none', async () => {
  const missing = await chat('nobody')
  expect(missing.status).toBeGreaterThanOrEqual(400)
  expect(missing.text).toContain('it has no profile nobody')
  upstream.script('', grantRoles(['long-lived'], []))
  const denied = await chat('denied')
  expect(denied.status).toBeGreaterThanOrEqual(400)
  expect(denied.text).toContain('AccessDenied')
  expect(denied.text).not.toContain('secret words')
  expect(upstream.requestsFor(upstreamModel('denied'))).toEqual([])
  const shown = gateway.stdout() + gateway.stderr() + denied.text
  for (const secret of ['long-lived', 'of-the-profile', 'secret-1', 'session-1'])
    expect(shown).not.toContain(secret)
})
