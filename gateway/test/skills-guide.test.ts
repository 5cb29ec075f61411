import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runScript } from './docs/run-script.ts'
import { call } from './harness/call-gateway.ts'
import { type Gateway, startGateway } from './harness/start-gateway.ts'

/**
 * What guides of gateways with skills show, word for word: the configuration of one and of several accounts, the calls with a
 * Bearer key alone, discovery, and the folder that is published.
 */
const oneAccount = `
model_list:
  - model_name: claude-3-5-sonnet
    litellm_params:
      model: anthropic/claude-3-5-sonnet-20241022
      api_key: os.environ/ANTHROPIC_API_KEY
`
const twoAccounts = `
  - model_name: team-a-claude
    litellm_params:
      model: anthropic/claude-3-5-sonnet-20241022
      api_key: os.environ/TEAM_A_KEY

  - model_name: team-b-claude
    litellm_params:
      model: anthropic/claude-3-5-sonnet-20241022
      api_key: os.environ/TEAM_B_KEY
`
const compose = fileURLToPath(new URL('function-modules/compose', import.meta.url))
const key = 'sk-your-proxy-key'
let gateway: Gateway

beforeAll(async () => {
  gateway = await startGateway({
    config: oneAccount + twoAccounts,
    env: {
      LITELLM_MASTER_KEY: key,
      ANTHROPIC_API_KEY: 'sk-ant-of-the-tests',
      TEAM_A_KEY: 'sk-ant-team-a',
      TEAM_B_KEY: 'sk-ant-team-b',
      LLMROUTER_PLUGINS: 'litellm_llmrouter.gateway.plugins.skills_discovery.SkillsDiscoveryPlugin',
      ROUTEIQ_SKILL_MODULES: `routeiq.say.compose=${compose}`,
    },
  })
  for (const [path, content] of Object.entries({
    'my-skill/SKILL.md': 'First paragraph from SKILL.md\n\nMore of it.\n',
    'my-skill/helper.py': 'print(1)\n',
    'my-skill/data/config.json': '{}\n',
    'another-skill/SKILL.md': '# Another\n\nAnother one.\n',
    'code-analyzer/SKILL.md': '# Analyzer\n\nAnalyses code.\n',
    'data-processor-v2/SKILL.md': '# Processor\n\nProcesses data.\n',
  })) {
    const file = join(gateway.dataDir, 'skills', path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, content)
  }
})
afterAll(() => gateway?.stop())

const get = async (path: string) => (await call(gateway.url, path, { key })).json()

it('the models of the configuration are there', async () => {
  const { data } = await get('/v1/models')
  expect(data.map(({ id }: { id: string }) => id).sort()).toEqual([
    'claude-3-5-sonnet',
    'team-a-claude',
    'team-b-claude',
  ])
})

it('`/v1/skills` creates, lists, shows and removes with a Bearer key alone', async () => {
  const script = `
AUTHORIZATION="Authorization: Bearer ${key}"
mkdir -p upload/office-hours && printf -- '---\\nname: office-hours\\ndescription: When we are open.\\n---\\n\\nNine to five.\\n' > upload/office-hours/SKILL.md
CREATED=$(curl -X POST "${gateway.url}/v1/skills?beta=true" -H "$AUTHORIZATION" -F display_title="Office hours" -F "files[]=@upload/office-hours/SKILL.md;filename=office-hours/SKILL.md")
echo "$CREATED"
ID=$(echo "$CREATED" | sed 's/.*"id":"\\([^"]*\\)".*/\\1/')
curl "${gateway.url}/v1/skills" -H "$AUTHORIZATION"; echo
curl "${gateway.url}/v1/skills/$ID" -H "$AUTHORIZATION"; echo
curl -X DELETE "${gateway.url}/v1/skills/$ID" -H "$AUTHORIZATION"; echo
curl "${gateway.url}/v1/skills" -H "$AUTHORIZATION"; echo`
  const { code, output } = await runScript(script, gateway.dataDir)
  expect({ code, output }).toEqual({ code: 0, output })
  const [created, listed, shown, deleted, after] = output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(created).toMatchObject({ type: 'skill', display_title: 'Office hours', source: 'custom' })
  expect([listed.data, shown, after.data]).toEqual([[created], created, []])
  expect(deleted).toEqual({ id: created.id, type: 'skill_deleted' })
})

describe('functions', () => {
  it('are found in a namespace, in all of it, and everywhere', async () => {
    const item = {
      namespace: 'routeiq.say.compose.transform_text',
      name: 'TextTransformer.transform',
      docstring: expect.any(String),
      args: [
        { name: 'text', type: 'str' },
        { name: 'times', type: 'int' },
      ],
      returns: 'str',
    }
    const own = await get('/skills/routeiq.say.compose.transform_text/index.json')
    const all = await get('/skills/routeiq.say.compose__all.json')
    const everything = await get('/_skill/discovery.json')
    for (const listed of [own, all, everything])
      expect(listed).toContainEqual(expect.objectContaining({ ...item, args: expect.any(Array) }))
    expect(everything).toContainEqual(
      expect.objectContaining({ name: 'TextTransformer', path: '/v1/skills/TextTransformer' }),
    )
    expect(own).toContainEqual({
      namespace: 'routeiq.say.compose.shared',
      name: '*',
      args: [],
      returns: 'reference',
    })
    expect(everything.find(({ name }: { name: string }) => name === item.name)?.path).toBe(
      '/v1/skills/TextTransformer/transform',
    )
  })

  it.each([
    ['/v1/skills/TextTransformer/transform', { text: 'a' }],
    ['/v1/skills/routeiq.say.compose.transform_text.TextTransformer/transform', { text: 'a' }],
    [
      '/v1/skills',
      {
        skill_name: 'routeiq.say.compose.transform_text.TextTransformer.transform',
        parameters: { text: 'a' },
      },
    ],
  ])('are called at %s', async (path, body) => {
    const answer = await call(gateway.url, path, { key, body })
    expect(answer.json()).toMatchObject({ status: 'ok', result: 'A!' })
  })
})

it('the index of the published folder has the documented form, and every file is served', async () => {
  const answer = await call(gateway.url, '/.well-known/skills/index.json')
  const { skills } = answer.json()
  expect(skills.map(({ name }: { name: string }) => name)).toEqual([
    'another-skill',
    'code-analyzer',
    'data-processor-v2',
    'my-skill',
  ])
  expect(skills[3]).toEqual({
    name: 'my-skill',
    description: 'First paragraph from SKILL.md',
    files: ['SKILL.md', 'data/config.json', 'helper.py'],
  })
  for (const { name, files } of skills)
    for (const file of files)
      expect((await call(gateway.url, `/.well-known/skills/${name}/${file}`)).status).toBe(200)
})
