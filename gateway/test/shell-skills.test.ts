import { unzipSync, zipSync } from 'fflate'
import OpenAI from 'openai'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { deployment } from './harness/deployments.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, startGateway } from './harness/start-gateway.ts'
import { answerTruly } from './harness/steps.ts'

const skillMd = (name: string, body: string): string =>
  `---\nname: ${name}\ndescription: Handles ${name}.\n---\n\n# ${name}\n\n${body}\n`
const zip = (files: Readonly<Record<string, string>>): string =>
  Buffer.from(
    zipSync(Object.fromEntries(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)]))),
  ).toString('base64')
const inline = (data: string): OpenAI.Responses.InlineSkill => ({
  ...{ type: 'inline', name: 'letters', description: 'Writes letters.' },
  source: { type: 'base64', media_type: 'application/zip', data },
})
const letters = inline(zip({ 'letters/SKILL.md': skillMd('letters', 'Be brief and kind.') }))
const reference = (skill_id: string, version?: string) =>
  ({ type: 'skill_reference', skill_id, ...(version !== undefined && { version }) }) as const
type Skills = OpenAI.Responses.ContainerAuto['skills']

let upstream: ScriptedUpstream
let gateway: Gateway
let key: string
let id: string

const models = () => [
  deployment('gpt', upstream.openaiBase, { model: 'openai/gpt-5' }),
  deployment('claude', upstream.anthropicBase, { model: 'anthropic/claude-sonnet-4-5' }),
]

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  gateway = await startGateway({ config: { model_list: models() } })
  key = (await gateway.createKey({ organization_id: 'acme' })).key
  id = await create(key, 'refunds')
})
afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})
beforeEach(() => upstream.reset())

async function create(owner: string, name: string): Promise<string> {
  const files = [
    { path: `${name}/SKILL.md`, content: skillMd(name, 'In full, within thirty days.') },
    { path: `${name}/scripts/check.py`, content: 'print(1)\n' },
  ]
  const created = await call(gateway.url, '/v1/skills', { key: owner, body: { files } })
  expect(created.status, created.text).toBe(200)
  return created.json().id
}

const openai = () => new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: key, maxRetries: 0 })
const ask = (model: string, skills: Skills, more: object = {}) =>
  openai()
    .responses.create({
      ...{ model, input: 'Write the refund letter', ...more },
      tools: [{ type: 'shell', environment: { type: 'container_auto', skills: skills ?? [] } }],
    })
    .withResponse()
const refusal = (asked: Promise<unknown>) =>
  asked.then(
    () => 'answered',
    ({ status, code }) => [status, code],
  )
const sentSkills = (model: string): readonly Record<string, unknown>[] => {
  const tools = upstream.requestsFor(model)[0]?.json['tools'] ?? []
  return (tools as { environment: { skills: Record<string, unknown>[] } }[])[0]?.environment.skills ?? []
}

const packedOf = (skill: Record<string, unknown> | undefined): string =>
  (skill as unknown as OpenAI.Responses.InlineSkill).source.data

describe('a model whose vendor runs shells', () => {
  it('gets the skills of the store as zips, and everything else as it came', async () => {
    upstream.script('gpt-5', answerTruly({ content: 'Dear Ann' }))
    const theirs = reference('skill_theirs', '2')
    const { data, response } = await ask('gpt', [reference(id), theirs, letters])
    expect(data.output_text).toBe('Dear Ann')
    expect(response.headers.get('x-routeiq-skills-mode')).toBe('mixed')
    const [own, foreign, brought] = sentSkills('gpt-5')
    expect([foreign, brought]).toEqual([theirs, letters])
    expect(own).toMatchObject({ type: 'inline', name: 'refunds', description: 'Handles refunds.' })
    const packed = packedOf(own)
    const files = unzipSync(Buffer.from(packed, 'base64'))
    expect(Object.keys(files)).toEqual(['refunds/SKILL.md', 'refunds/scripts/check.py'])
    expect(Buffer.from(files['refunds/SKILL.md'] ?? []).toString()).toContain('within thirty days')
  })

  it('gets the version that is asked for, streamed too', async () => {
    const files = [{ path: 'refunds/SKILL.md', content: skillMd('refunds', 'Only half of it now.') }]
    const second = await call(gateway.url, `/v1/skills/${id}/versions`, { key, body: { files } })
    expect(second.status).toBe(200)
    for (const [version, text] of [
      ['1', 'thirty days'],
      ['2', 'Only half'],
      ['latest', 'Only half'],
    ] as const) {
      upstream.reset()
      upstream.script('gpt-5', answerTruly({ content: 'Dear Ann' }))
      const stream = await openai().responses.create({
        ...{ model: 'gpt', input: 'Write', stream: true },
        tools: [
          { type: 'shell', environment: { type: 'container_auto', skills: [reference('refunds', version)] } },
        ],
      })
      let said = ''
      for await (const event of stream) if (event.type === 'response.output_text.delta') said += event.delta
      expect(said).toBe('Dear Ann')
      const packed = packedOf(sentSkills('gpt-5')[0])
      expect(
        Buffer.from(unzipSync(Buffer.from(packed, 'base64'))['refunds/SKILL.md'] ?? []).toString(),
      ).toContain(text)
    }
    expect(await refusal(ask('gpt', [reference(id, '9')]))).toEqual([404, 'skill_not_found'])
  })

  it('gets no skill of another workspace', async () => {
    const stranger = (await gateway.createKey({ organization_id: 'globex' })).key
    const theirs = await create(stranger, 'secrets')
    upstream.script('gpt-5', answerTruly({ content: 'x' }))
    await ask('gpt', [reference(theirs)])
    expect(sentSkills('gpt-5')).toEqual([reference(theirs)])
  })

  it.each([
    ['tools[0].environment.skills[0].type', [{ type: 'custom', skill_id: 'x' }]],
    ['tools[0].environment.skills[0].skill_id', [{ type: 'skill_reference' }]],
    [
      'tools[0].environment.skills[1].version',
      [reference('refunds'), { ...reference('refunds'), version: {} }],
    ],
    ['tools[0].environment.skills[0].source', [{ ...letters, source: { type: 'base64', data: 'x' } }]],
    ['tools', Array.from({ length: 9 }, () => reference('refunds'))],
  ])('hears what is wrong with %s', async (param, skills) => {
    const body = {
      model: 'gpt',
      input: 'x',
      tools: [{ type: 'shell', environment: { type: 'container_auto', skills } }],
    }
    const answer = await call(gateway.url, '/v1/responses', { key, body })
    expect([answer.status, answer.json().error.param]).toEqual([400, param])
    expect(upstream.requests).toEqual([])
  })
})

describe('a model elsewhere', () => {
  it('is not asked for what it cannot do', async () => {
    expect(await refusal(ask('claude', [reference(id)]))).toEqual([400, 'code_execution_unavailable'])
    expect(await refusal(ask('claude', [letters]))).toEqual([400, 'code_execution_unavailable'])
    expect(await refusal(ask('claude', [reference('skill_theirs')]))).toEqual([
      400,
      'skill_unavailable_on_model',
    ])
    expect(upstream.requests).toEqual([])
  })

  it('gets the skills in its prompt where the operator has the shell left out', async () => {
    await gateway.reload({ model_list: models(), routeiq: { skills: { on_unavailable: 'drop' } } })
    upstream.script('claude-sonnet-4-5', answerTruly({ content: 'Dear Ann' }))
    const { data, response } = await ask('claude', [reference(id), letters, reference('skill_theirs')], {
      instructions: 'You write letters.',
    })
    expect(data.output_text).toBe('Dear Ann')
    expect(response.headers.get('x-routeiq-skills-mode')).toBe('injected')
    expect(response.headers.get('x-routeiq-skills-dropped')).toBe('skill_theirs,shell')
    const sent = JSON.stringify(upstream.requestsFor('claude-sonnet-4-5')[0]?.json)
    for (const text of [
      'You write letters.',
      '## Skill: letters',
      'Be brief and kind.',
      '## Skill: refunds',
      'Only half',
    ])
      expect(sent).toContain(text)
    expect(sent).not.toContain('shell')
    const hostile = inline(zip({ '../SKILL.md': skillMd('letters', 'x') }))
    for (const skill of [hostile, inline('bm8gemlw'), inline(zip({ 'letters/README.md': 'x' }))])
      expect(await refusal(ask('claude', [skill]))).toEqual([400, '400'])
    const long = inline(zip({ 'letters/SKILL.md': skillMd('letters', 'word '.repeat(8_000)) }))
    expect(await refusal(ask('claude', [long]))).toEqual([400, '400'])
  })
})
