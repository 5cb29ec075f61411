import Anthropic, { toFile } from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { call } from '../harness/call-gateway.ts'
import { type ProductDatabase, startGatewayOver } from '../harness/databases.ts'
import { deployment } from '../harness/deployments.ts'
import { ProviderSkills, skillsOf } from '../harness/provider-skills.ts'
import { type ScriptedUpstream, startScriptedUpstream } from '../harness/scripted-upstream.ts'
import type { Gateway } from '../harness/start-gateway.ts'
import { answerTruly, respond } from '../harness/steps.ts'

const claude = 'claude-sonnet-4-5'
const betas = ['skills-2025-10-02', 'code-execution-2025-08-25']
const codeExecution = { type: 'code_execution_20250825', name: 'code_execution' } as const
const messages = [{ role: 'user' as const, content: 'Fill in the form' }]
const pdf = { type: 'anthropic', skill_id: 'pdf', version: 'latest' } as const
const text = (name: string, body: string): string =>
  `---\nname: ${name}\ndescription: Handles ${name}.\n---\n\n# ${name}\n\n${body}\n`
const longBody = 'Go through it line by line and check every number against the ledger. '.repeat(150)

let upstream: ScriptedUpstream
let provider: ProviderSkills
let gateway: Gateway
let key: string

const client = (headers: Record<string, string> = {}, apiKey = key) =>
  new Anthropic({ baseURL: gateway.url, apiKey, maxRetries: 0, defaultHeaders: headers })
const openai = () => new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: key, maxRetries: 0 })

/** A skill of the store, with its id on the wire. */
async function createSkill(name: string, body = 'How to fill it in.', apiKey = key) {
  const files = [
    await toFile(Buffer.from(text(name, body)), `${name}/SKILL.md`),
    await toFile(Buffer.from('print(1)\n'), `${name}/scripts/fill.py`),
  ]
  return client({}, apiKey).beta.skills.create({ files })
}

async function addVersion(id: string, name: string, body: string) {
  const files = [await toFile(Buffer.from(text(name, body)), `${name}/SKILL.md`)]
  return client().beta.skills.versions.create(id, { files })
}

const ask = (model: string, skills: readonly object[]) =>
  client()
    .beta.messages.create({
      ...{ model, max_tokens: 100, messages, tools: [codeExecution], betas },
      container: { skills: skills as Anthropic.Beta.BetaSkillParams[] },
    })
    .withResponse()
const custom = (skill_id: string, version = 'latest') => ({ type: 'custom', skill_id, version }) as const
const uploads = () =>
  upstream.requests.filter(({ method, path }) => method === 'POST' && path === '/v1/skills')

/** Skills of a container, ours and the vendor’s, at every kind of model. */
export function describeContainers(database: ProductDatabase): void {
  beforeAll(async () => {
    upstream = await startScriptedUpstream()
    provider = new ProviderSkills()
    gateway = await startGatewayOver(database, {
      config: {
        model_list: [
          deployment('claude', upstream.anthropicBase, { model: `anthropic/${claude}`, api_key: 'sk-ant-a' }),
          ...['sk-ant-x', 'sk-ant-y', 'sk-ant-z'].map((api_key) =>
            deployment('pool', upstream.anthropicBase, { model: `anthropic/${claude}`, api_key }),
          ),
          deployment('claude-b', upstream.anthropicBase, {
            model: 'anthropic/claude-b',
            api_key: 'sk-ant-b',
          }),
          deployment('gpt', upstream.openaiBase, { model: 'openai/gpt-4o' }),
          deployment('broken', upstream.openaiBase, { model: 'openai/broken' }),
        ],
        litellm_settings: { num_retries: 0 },
        router_settings: { fallbacks: [{ broken: ['claude'] }] },
      },
    })
    key = (await gateway.createKey({ organization_id: 'acme' })).key
  })
  afterAll(async () => {
    await gateway?.stop()
    await upstream?.close()
  })
  beforeEach(() => {
    upstream.reset()
    for (const model of ['', claude, 'claude-b']) upstream.script(model, provider.step)
  })

  describe('a model of Anthropic', () => {
    it('gets a copy of the skill in its account, once, and the caller sees its own ids', async () => {
      const skill = await createSkill('native-forms')
      for (const version of ['latest', skill.latest_version ?? '']) {
        const { data, response } = await ask('claude', [pdf, custom(skill.id, version)])
        expect(data.container).toMatchObject({
          id: 'container_01Upstreama',
          skills: [
            { type: 'anthropic', skill_id: 'pdf', version: '20251013' },
            {
              type: 'custom',
              skill_id: skill.id,
              version: version === 'latest' ? expect.stringMatching(/^skver_/) : version,
            },
          ],
        })
        expect(data.content).toMatchObject([{ type: 'text', text: 'Hello from the upstream.' }])
        expect(response.headers.get('x-routeiq-skills-mode')).toBe('mixed')
      }
      expect(uploads()).toHaveLength(1)
      const copy = provider.skills.at(-1)
      expect(copy).toMatchObject({
        account: 'sk-ant-a',
        files: ['native-forms/SKILL.md', 'native-forms/scripts/fill.py'],
      })
      const [request] = upstream.requestsFor(claude)
      expect(request?.json).toMatchObject({
        container: { skills: [pdf, { type: 'custom', skill_id: copy?.id, version: 'latest' }] },
        tools: [codeExecution],
        messages,
      })
    })

    it('tells a stream the same ids', async () => {
      const skill = await createSkill('streamed-forms')
      const stream = client().beta.messages.stream({
        ...{ model: 'claude', max_tokens: 100, messages, tools: [codeExecution], betas },
        container: { skills: [custom(skill.id)] },
      })
      const started: unknown[] = []
      stream.on('streamEvent', (event) => {
        if (event.type === 'message_start') started.push(event.message.container)
        if (event.type === 'message_delta') started.push(event.delta.container)
      })
      await stream.finalMessage()
      expect(started).toMatchObject([
        { skills: [{ skill_id: skill.id }] },
        { skills: [{ skill_id: skill.id }] },
      ])
      expect(JSON.stringify(started)).not.toContain(provider.skills.at(-1)?.id)
    })

    it('needs no flags of the caller, and gets them only where its version of the API needs them', async () => {
      const skill = await createSkill('flagless')
      const body = {
        ...{ model: 'claude', max_tokens: 100, messages, tools: [codeExecution] },
        container: { skills: [custom(skill.id)] },
      }
      for (const [version, flags] of [
        ['2023-06-01', 'skills-2025-10-02,code-execution-2025-08-25'],
        ['2026-10-21', undefined],
      ] as const) {
        const headers = { 'anthropic-version': version }
        const answer = await call(gateway.url, '/v1/messages', { key, headers, body })
        expect(answer.status, answer.text).toBe(200)
        expect(upstream.requestsFor(claude).at(-1)?.headers['anthropic-beta']).toBe(flags)
      }
    })

    it('gets the skills of a client of chat completions, whole and streamed', async () => {
      const skill = await createSkill('chat-forms')
      const body = {
        ...{ model: 'claude', messages, container: { skills: [custom(skill.id), pdf] } },
        tools: [codeExecution] as unknown as OpenAI.ChatCompletionTool[],
      }
      const whole = await openai().chat.completions.create(body)
      const fields = {
        container: { id: 'container_01Upstreama', skills: [{ skill_id: skill.id }, { skill_id: 'pdf' }] },
      }
      expect(whole.choices[0]?.message).toMatchObject({ provider_specific_fields: fields })
      const request = upstream.requestsFor(claude)[0]
      expect(request === undefined ? [] : skillsOf(request)).toEqual([
        { type: 'custom', skill_id: provider.skills.at(-1)?.id, version: 'latest' },
        pdf,
      ])
      const told: unknown[] = []
      for await (const chunk of await openai().chat.completions.create({ ...body, stream: true })) {
        const delta = chunk.choices[0]?.delta as { provider_specific_fields?: object } | undefined
        if (delta?.provider_specific_fields !== undefined) told.push(delta.provider_specific_fields)
      }
      expect(told).toMatchObject([fields])
    })

    it('gets a copy in each account, and another for another version', async () => {
      const skill = await createSkill('two-accounts')
      await ask('claude', [custom(skill.id)])
      await ask('claude-b', [custom(skill.id)])
      expect(provider.skills.slice(-2).map(({ account }) => account)).toEqual(['sk-ant-a', 'sk-ant-b'])
      const second = await addVersion(skill.id, 'two-accounts', 'Better.')
      await ask('claude', [custom(skill.id, second.version)])
      expect(uploads()).toHaveLength(3)
      expect(provider.skills.at(-1)?.files).toEqual(['two-accounts/SKILL.md'])
      await ask('claude', [custom(skill.id, skill.latest_version ?? '')])
      expect(uploads()).toHaveLength(3)
    })

    it('gets one copy when many ask at once, and keeps it over a restart', async () => {
      const skill = await createSkill('at-once')
      await Promise.all(Array.from({ length: 8 }, () => ask('claude', [custom(skill.id)])))
      expect(uploads()).toHaveLength(1)
      await gateway.restart()
      await ask('claude', [custom(skill.id)])
      expect(uploads()).toHaveLength(1)
    })

    it('gets a new copy when the vendor has lost it', async () => {
      const skill = await createSkill('lost')
      await ask('claude', [custom(skill.id)])
      provider.skills.pop()
      const { data } = await ask('claude', [custom(skill.id)])
      expect(data.container?.skills).toMatchObject([{ skill_id: skill.id }])
      expect(uploads()).toHaveLength(2)
    })

    it('goes on with a container in the account that has it', async () => {
      const skill = await createSkill('pooled')
      for (let round = 0; round < 3; round++) {
        const { data } = await ask('pool', [custom(skill.id)])
        const id = data.container?.id ?? ''
        const account = upstream.requestsFor(claude).at(-1)?.headers['x-api-key']
        for (const container of [id, { id, skills: [custom(skill.id)] }, id]) {
          const body = { model: 'pool', max_tokens: 100, messages, tools: [codeExecution], betas, container }
          await client().beta.messages.create(body)
          expect(upstream.requestsFor(claude).at(-1)?.headers['x-api-key']).toBe(account)
        }
        expect(upstream.requestsFor(claude).at(-2)?.json).toMatchObject({ container: { id } })
      }
    })

    it('says why a copy cannot be made', async () => {
      const skill = await createSkill('refused')
      provider.refusal = respond(400, {
        type: 'error',
        error: { type: 'invalid_request_error', message: 'No room.' },
      })
      await expect(ask('claude', [custom(skill.id)])).rejects.toMatchObject({
        status: 502,
        error: { type: 'error', error: { message: expect.stringContaining('No room.') } },
      })
      const named = await createSkill('like-claude')
      await expect(ask('claude', [custom(named.id)])).rejects.toMatchObject({ status: 502 })
      expect(upstream.requestsFor(claude)).toEqual([])
      // The next request tries again.
      await ask('claude', [custom(skill.id)])
    })

    it('leaves to the vendor what is not ours, and keeps copies of others out of reach', async () => {
      const theirs = provider.add('sk-ant-a')
      const { data } = await ask('claude', [custom(theirs.id)])
      expect(data.container?.skills).toMatchObject([{ skill_id: theirs.id }])
      await expect(ask('claude', [custom('skill_nobody')])).rejects.toMatchObject({ status: 404 })
      const { key: stranger } = await gateway.createKey({ organization_id: 'globex' })
      const secret = await createSkill('secret', 'Of globex alone.', stranger)
      await client({}, stranger).beta.messages.create({
        ...{ model: 'claude', max_tokens: 100, messages, tools: [codeExecution], betas },
        container: { skills: [custom(secret.id)] },
      })
      const copy = provider.skills.at(-1)
      const before = upstream.requests.length
      await expect(ask('claude', [custom(copy?.id ?? '')])).rejects.toMatchObject({ status: 404 })
      // A skill of another workspace is none, so that its id goes to the vendor, who does not know it either.
      await expect(ask('claude', [custom(secret.id)])).rejects.toMatchObject({ status: 404 })
      const relayed = await call(gateway.url, `/v1/skills/${copy?.id}?model=claude`, { key })
      expect(relayed.status).toBe(404)
      expect(upstream.requests.length - before).toBe(1)
      const listed = await call(gateway.url, '/v1/skills?model=claude', { key })
      expect(listed.text).not.toMatch(/secret|globex/)
    })
  })

  describe('a model of another vendor', () => {
    const request = (skills: readonly object[]) => ({
      ...{ model: 'gpt', max_tokens: 100, messages, betas },
      container: { skills: skills as Anthropic.Beta.BetaSkillParams[] },
    })

    it('gets a short skill in its instructions, and the answer names it', async () => {
      const skill = await createSkill('short-forms', 'Take the blue one.')
      const { data, response } = await client()
        .beta.messages.create(request([custom(skill.id)]))
        .withResponse()
      expect(response.headers.get('x-routeiq-skills-mode')).toBe('injected')
      expect(data.container).toMatchObject({
        id: expect.stringMatching(/^container_riq_/),
        expires_at: expect.stringMatching(/Z$/),
        skills: [{ type: 'custom', skill_id: skill.id, version: expect.stringMatching(/^skver_/) }],
      })
      const [sent] = upstream.requestsFor('gpt-4o')
      expect(JSON.stringify(sent?.json)).toContain('Take the blue one.')
      expect(sent?.json['container']).toBeUndefined()
      // The container is gone on with by its id.
      const again = await client().beta.messages.create({
        ...request([]),
        container: { id: data.container?.id ?? '', skills: [custom(skill.id)] },
      })
      expect(again.container?.id).toBe(data.container?.id)
    })

    it.each([false, true])('reads a long skill only when it wants to, stream: %s', async (stream) => {
      const skill = await createSkill(`long-${stream}`, longBody)
      const wanted = { name: 'load_skill', arguments: `{"name":"long-${stream}"}` }
      upstream.script('gpt-4o', answerTruly({ toolCalls: [wanted] }), answerTruly({ content: 'Filled in.' }))
      const body = request([custom(skill.id)])
      const message = stream
        ? await client().beta.messages.stream(body).finalMessage()
        : await client().beta.messages.create(body)
      expect(message.content).toMatchObject([{ type: 'text', text: 'Filled in.' }])
      if (!stream) expect(message.container?.skills).toMatchObject([{ skill_id: skill.id }])
      const [first, second] = upstream.requestsFor('gpt-4o')
      expect(JSON.stringify(first?.json)).toContain(`| long-${stream} |`)
      expect(JSON.stringify(first?.json)).not.toContain('line by line')
      expect(JSON.stringify(second?.json)).toContain('line by line')
    })

    it('reads exactly the version that was asked for', async () => {
      const skill = await createSkill('versions', `Old. ${longBody}`)
      await addVersion(skill.id, 'versions', `New. ${longBody}`)
      const wanted = { name: 'load_skill', arguments: '{"name":"versions"}' }
      for (const [version, word] of [
        [skill.latest_version ?? '', 'Old.'],
        ['latest', 'New.'],
      ] as const) {
        upstream.script('gpt-4o', answerTruly({ toolCalls: [wanted] }), answerTruly({}))
        await client().beta.messages.create(request([custom(skill.id, version)]))
        expect(JSON.stringify(upstream.requestsFor('gpt-4o').at(-1)?.json)).toContain(word)
      }
    })

    it('answers clients of chat completions with the same container', async () => {
      const skill = await createSkill('chat-short', 'Take the red one.')
      const body = { model: 'gpt', messages, container: { skills: [custom(skill.id)] } }
      const whole = await openai().chat.completions.create(body)
      expect(whole.choices[0]?.message).toMatchObject({
        provider_specific_fields: { container: { skills: [{ skill_id: skill.id }] } },
      })
      const streamed = await call(gateway.url, '/v1/chat/completions', {
        key,
        body: { ...body, stream: true },
      })
      expect(streamed.text.match(/container_riq_/g)).toHaveLength(1)
      expect(streamed.text).toMatch(/data: \[DONE\]\n\n$/)
    })

    it('refuses what only the vendor has', async () => {
      const skill = await createSkill('with-pdf')
      const code = async (body: object) => {
        const answer = await call(gateway.url, '/v1/messages', {
          key,
          headers: { 'anthropic-version': '2023-06-01' },
          body,
        })
        return [
          answer.status,
          answer.json().error.code ?? answer.json().error.type,
          answer.json().error.message,
        ]
      }
      expect(await code(request([custom(skill.id), pdf]))).toEqual([
        400,
        'skill_unavailable_on_model',
        expect.stringContaining("'pdf'"),
      ])
      expect(await code({ ...request([custom(skill.id)]), tools: [codeExecution] })).toEqual([
        400,
        'code_execution_unavailable',
        expect.stringContaining('gpt-4o'),
      ])
      expect(upstream.requestsFor('gpt-4o')).toEqual([])
    })

    it('is weighed anew by the model a request falls back to', async () => {
      const skill = await createSkill('fallen-back')
      upstream.script('broken', respond(500, { error: { message: 'down' } }))
      const answer = await client()
        .beta.messages.create({ ...request([custom(skill.id)]), model: 'broken' })
        .catch((error: unknown) => error)
      // Its code execution needs a tool, which says that the request has come as far as the vendor.
      expect(answer).toMatchObject({ status: 400, message: expect.stringContaining('code execution tool') })
      expect(JSON.stringify(upstream.requestsFor('broken')[0]?.json)).toContain('fallen-back')
      const request_ = upstream.requestsFor(claude)[0]
      expect(request_ === undefined ? [] : skillsOf(request_)).toMatchObject([
        { type: 'custom', skill_id: provider.skills.at(-1)?.id },
      ])
      expect(JSON.stringify(request_?.json)).not.toContain('## Skill')
    })
  })

  describe('a container that cannot be read', () => {
    it('is refused before anything is sent, in the words of the dialect', async () => {
      const skill = await createSkill('refusals')
      const nine = Array.from({ length: 9 }, (_, index) => custom(`skill-${index}`))
      for (const [skills, status, words] of [
        [nine, 400, 'at most 8'],
        [[custom('')], 400, 'container.skills[0].skill_id'],
        [[{ type: 'other', skill_id: 'x' }], 400, 'container.skills[0].type'],
        [[pdf, { ...custom('x'), version: 7 }], 400, 'container.skills[1].version'],
        [[custom('refusals'), custom('refusals')], 400, 'twice'],
        ['pdf', 400, 'must be a list'],
        [[custom(skill.id, '99')], 404, 'no version 99'],
        [[custom(skill.id, 'newest')], 404, 'no version newest'],
      ] as const) {
        const body = { model: 'gpt', max_tokens: 10, messages, container: { skills } }
        const headers = { 'anthropic-version': '2023-06-01' }
        const message = await call(gateway.url, '/v1/messages', { key, headers, body })
        const type = status === 404 ? 'not_found_error' : 'invalid_request_error'
        expect([message.status, message.json()]).toEqual([
          status,
          expect.objectContaining({ type: 'error', error: expect.objectContaining({ type }) }),
        ])
        const chat = await call(gateway.url, '/v1/chat/completions', { key, body })
        expect([chat.status, chat.json().error.message]).toEqual([status, expect.stringContaining(words)])
      }
      const unknown = await call(gateway.url, '/v1/chat/completions', {
        key,
        body: { model: 'gpt', messages, container: { skills: [custom('nothing')] } },
      })
      expect([unknown.status, unknown.json().error.code]).toEqual([404, 'skill_not_found'])
      expect(upstream.requests).toEqual([])
    })
  })

  describe('an operator who would rather do without', () => {
    let lenient: Gateway
    const send = (body: object, path = '/v1/messages') =>
      call(lenient.url, path, {
        key: lenient.masterKey,
        headers: { 'anthropic-version': '2023-06-01' },
        body,
      })
    const wanted = (
      model: string,
      skills: readonly object[],
      tools: readonly object[] = [codeExecution],
    ) => ({
      ...{ model, max_tokens: 100, messages, tools, container: { skills } },
    })

    beforeAll(async () => {
      lenient = await startGatewayOver(database, {
        config: {
          model_list: [
            deployment('claude', upstream.anthropicBase, {
              model: `anthropic/${claude}`,
              api_key: 'sk-ant-c',
            }),
            deployment('gpt', upstream.openaiBase, { model: 'openai/gpt-4o' }),
          ],
          routeiq: { skills: { on_unavailable: 'drop', native_fallback: 'inject', max_per_request: 2 } },
        },
        workers: 2,
      })
      const files = [{ path: 'ledger/SKILL.md', content: text('ledger', 'Take the green one.') }]
      const created = await call(lenient.url, '/v1/skills', { key: lenient.masterKey, body: { files } })
      expect(created.status, created.text).toBe(200)
    })
    afterAll(() => lenient?.stop())

    it('leaves out what only the vendor has, and says so', async () => {
      const answer = await send(wanted('gpt', [custom('ledger'), pdf]))
      expect(answer.status, answer.text).toBe(200)
      expect(answer.headers).toMatchObject({
        'x-routeiq-skills-mode': 'mixed',
        'x-routeiq-skills-dropped': 'pdf,code_execution',
      })
      const [sent] = upstream.requestsFor('gpt-4o')
      expect(JSON.stringify(sent?.json)).toContain('Take the green one.')
      expect([sent?.json['tools'], sent?.json['container']]).toEqual([undefined, undefined])
      const nothing = await send(wanted('gpt', [pdf], []), '/v1/chat/completions')
      expect(nothing.headers).toMatchObject({
        'x-routeiq-skills-mode': 'off',
        'x-routeiq-skills-dropped': 'pdf',
      })
      expect(upstream.requestsFor('gpt-4o').at(-1)?.json).not.toHaveProperty('container')
      expect((await send(wanted('gpt', [pdf, custom('ledger'), custom('x')]))).status).toBe(400)
    })

    it('puts into the prompt what cannot be copied', async () => {
      provider.refusal = respond(529, {
        type: 'error',
        error: { type: 'overloaded_error', message: 'Busy.' },
      })
      const answer = await send(wanted('claude', [custom('ledger'), pdf]))
      expect(answer.status, answer.text).toBe(200)
      expect(answer.headers['x-routeiq-skills-mode']).toBe('mixed')
      const [sent] = upstream.requestsFor(claude)
      expect(sent?.json['container']).toEqual({ skills: [pdf] })
      expect(JSON.stringify(sent?.json['system'])).toContain('Take the green one.')
    })

    it('has one copy for all workers', async () => {
      const answers = await Promise.all(
        Array.from({ length: 12 }, () => send(wanted('claude', [custom('ledger')]))),
      )
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
      expect(uploads()).toHaveLength(1)
    })
  })
}
