import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { type Gateway, startGateway } from './harness/start-gateway.ts'

const shapes: Readonly<Record<string, string>> = {
  envelope:
    'strategy routing_id prompt_fragment skills stable_menu menu_instruction routing_hint stable_menu_skills ' +
    'skill_count desc_tokens rows_total abstained decision_persisted',
  row:
    'id skill_id name url_slug display_name description category tags trigger_phrases stability skill_type ' +
    'skill_scope invocation is_active offer_scope latest_version safety_status source created_at updated_at',
  file: 'id file_path directory content_type size_bytes digest',
}

/**
 * Every endpoint clients of the Skill Router know, and what its answer must have. `{…}` stands for something that exists
 * in a path, and for a shape behind the arrow.
 */
const endpoints = `
GET /auth/verify -> status api_key_valid scope project_id workspace_id permissions require_manifest_on_ingest message
GET /skills/menu -> {envelope}
POST /skills/route -> {envelope}
GET /skills/{skill}/body -> body name description skill_id version_id version content_hash truncated total_chars content_hash_matches_body attachments
GET /skills/routing/{routing_id} -> routing_id strategy agent_name created_at offered hinted delivered activated offered_not_activated activated_not_offered rows traces closed holdout degraded_reason
GET /skills/{skill}/router-stats -> skill_name window_days decisions_count hinted_count delivered_count activated_count closed_count decisions_unjoined activation_rate offered_not_activated_rate by_model by_agent
GET /skills/snapshot -> catalogue_digest skills stable_menu stable_menu_skills menu_instruction
GET /skills -> skills next_cursor
POST /skills
GET /skills/{skill} -> {row} body_markdown
PUT /skills/{skill} -> status skill_id
GET /skills/{skill}/versions -> skill_name versions
GET /skills/{skill}/versions/1 -> skill_name version_number body_markdown content_hash
GET /skills/hashes -> hashes
GET /skills/{skill}/attachments -> attachments
GET /skills/{skill}/attachments/{attachment} -> {file} content_text
GET /skills/{skill}/attachments/by-path/scripts/a.py -> {file} content_text
POST /skills/{skill}/attachments
POST /skills/{skill}/attachments/bulk
POST /skills/reembed -> reembedded skipped target_model
POST /skills/sync -> status synced created updated unchanged pulled failures
POST /skills/installs/report -> skills
GET /skills/analytics/metrics -> agent_name window_days skills
GET /skills/analytics/compare
GET /skills/analytics/leaderboard -> leaderboard
GET /skills/{skill}/effectiveness -> skill overall by_model
GET /skills/analytics/gaps -> window_days gaps
POST /skills/routing/{routing_id}/outcome -> status
GET /registry/skills -> items next_cursor has_next total_hint
GET /registry/skills/{skill} -> id name url_slug display_name description body_markdown category tags skill_badge author_display_name source_type source_url install_count avg_rating rating_count effectiveness skill_safety safety_status safety intent_status content_status attachments attachment_count latest_version_number total_activations_30d
GET /registry/skills/{skill}/attachments -> attachments
GET /registry/skills/{skill}/attachments/by-path/scripts/a.py -> {file} content_text
GET /registry/skills/{skill}/attachments/scripts/a.py -> {file} content_text
GET /registry/skills/{skill}/eval -> eval_yaml_text case_count
GET /registry/skills/{skill}/benchmark
GET /registry/skills/{skill}/activations -> window_days series totals
GET /registry/skills/{skill}/bundle
GET /registry/leaderboard -> sort window_days items total
POST /registry/skills/{skill}/use -> status uses shadowed_by_owned
POST /registry/skills/{skill}/install
POST /install/resolve
GET /install/bundles/{version_id}
POST /registry/install/resolve
GET /registry/install/bundles/{version_id}
POST /skills/{skill}/publish?category=x -> status skill_id category skill_badge
POST /skills/{skill}/merge-upstream
POST /skills/{skill}/benchmark/run
POST /skills/{skill}/benchmark/import
POST /skills/{skill}/checks/run -> skill_safety safety_status intent_status content_status findings
POST /registry/skills/{skill}/fork
GET /agents -> agents total
GET /agents/{agent}/skills -> agent_name skills total
POST /agents/{agent}/skills/{skill}
DELETE /agents/{agent}/skills/{skill}
PUT /agents/{agent}/prompt
GET /agents/{agent}/prompt -> agent_name agent_id system_prompt version_number version_id content_hash label version_mode pinned_version_number resolved_from
GET /bundles -> bundles
POST /bundles
GET /bundles/{bundle}
PUT /bundles/{bundle}
POST /bundles/{bundle}/apply?agent=helper
DELETE /bundles/{bundle}
POST /traces
POST /traces/batch
GET /traces -> traces total limit offset
GET /traces/stats -> total by_status
GET /traces/{trace} -> id agent_name status spans llm_calls eval_verdict
POST /traces/{trace}/eval-scores
POST /traces/{trace}/annotations
POST /traces/{trace}/evaluate
POST /traces/{trace}/decision
POST /traces/batch-decision
GET /traces/{trace}/eval-breakdown -> trace_id eval_verdict source_groups annotations
GET /traces/eval/stats -> total_traces total_evaluated pass_rate verdict_breakdown
POST /import/jsonl
POST /import/traces
POST /traces/import
POST /traces/import-bulk
POST /manifests
GET /manifests -> manifests
GET /manifests/{manifest} -> id agent_name manifest_hash version_label components
GET /manifests/{manifest}/diff -> diff message
POST /evaluators/register
GET /evaluators -> evaluators
POST /evaluators
GET /evaluators/{evaluator}
PUT /evaluators/{evaluator}
DELETE /evaluators/{evaluator}
GET /evaluators/templates -> templates
GET /alerts -> alerts next_cursor
POST /alerts/{alert}/ack -> status
GET /alert-rules -> rules
POST /alert-rules
GET /webhooks -> webhooks
POST /webhooks
POST /webhooks/{webhook}/test
GET /router/health -> status embedder indexes decisions_waiting degraded route_latency_ms
GET /quotas
DELETE /skills/{skill}/attachments/{attachment} -> status
POST /skills/{skill}/unpublish -> status skill_id forks_cleared
DELETE /skills/{skill} -> status deleted
`
  .trim()
  .split('\n')
  .map((line) => {
    const [endpoint = '', members = ''] = line.split(' -> ')
    const [method = '', template = ''] = endpoint.split(' ')
    const shown = members.replace(/\{(\w+)\}/, (_, shape: string) => shapes[shape] ?? '')
    return { method, template, members: shown.split(' ').filter((name) => name !== '') }
  })

/** What has to be there for some of them to answer, and what a plain request to it lacks. */
const measured = new Set(['GET /registry/skills/{skill}/benchmark'])

const bodyText = '# One\n\nAsk for the order number first, then look it up.'
/** What a plain request lacks. */
const bodies: Readonly<Record<string, object>> = {
  '/skills/route': { query: 'one' },
  '/skills/sync': { skills: [], conflict_policy: 'local_wins' },
  '/skills/installs/report': { install_id: 'here', skills: [] },
  '/skills/routing/{routing_id}/outcome': { verdict: 'review' },
}

let gateway: Gateway
let key: string
let ids: Readonly<Record<string, string>>

const send = (method: string, path: string, body?: object, asKey = key) =>
  call(gateway.url, `/api/v1${path}`, { method, key: asKey, ...(body === undefined ? {} : { body }) })
const made = async (path: string, body: object, method = 'POST') => {
  const answer = await send(method, path, body)
  expect(answer.status, `${path}: ${answer.text}`).toBe(200)
  return answer.json()
}

beforeAll(async () => {
  gateway = await startGateway({
    config: {},
    env: { LLMROUTER_OUTBOUND_HOST_ALLOWLIST: '127.0.0.1' },
  })
  key = (await gateway.createKey({ organization_id: 'acme' })).key
  const item = {
    name: 'one',
    description: 'The one skill.',
    body_markdown: bodyText,
    eval_yaml_text: 'cases:\n  - { name: a, prompt: b, expectations: [c] }\n',
  }
  await made('/skills/sync', { skills: [item] })
  const attached = await made('/skills/one/attachments', {
    ...{ file_path: 'scripts/a.py', directory: 'scripts', content_text: 'print()' },
  })
  const { latest_version: latest } = (await send('GET', '/skills/one')).json()
  const { routing_id } = await made('/skills/route', { query: 'one' })
  const trace = await made('/traces', { agent_name: 'helper', final_output: 'done' })
  const manifest = await made('/manifests', { agent_name: 'helper', manifest_hash: 'a', components: [] })
  const evaluator = await made('/evaluators', { template_id: 'non_empty_output' })
  const webhook = await made('/webhooks', { url: 'http://127.0.0.1:9/hook' })
  const bundle = await made('/bundles', { name: 'both', skills: [{ skill: 'one' }] })
  await made('/skills/one/publish?category=x', {})
  await send('PUT', '/quotas/acme', { plan: 'p', limits: { traces_month: 1 } }, gateway.masterKey)
  await made('/traces', { agent_name: 'helper' })
  const { opened } = await made('/alerts/evaluate', {})
  await send('DELETE', '/quotas/acme', undefined, gateway.masterKey)
  ids = {
    ...{ skill: 'one', agent: 'helper', attachment: attached.id, version_id: latest.id, routing_id },
    ...{ trace: trace.id, manifest: manifest.manifest_id, evaluator: evaluator.id, webhook: webhook.id },
    ...{ bundle: bundle.id, alert: opened[0].id },
  }
})
afterAll(() => gateway?.stop())

it('answers every endpoint in one order, with all that its clients read', async () => {
  const wrong: string[] = []
  for (const { method, template, members } of endpoints) {
    const path = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(ids[name] ?? ''))
    const takesBody = method === 'POST' || method === 'PUT'
    const { status, text, headers } = await send(
      method,
      path,
      takesBody ? { id: randomUUID(), ...bodies[template] } : undefined,
    )
    const isKnown = measured.has(`${method} ${template}`) ? text.includes('never measured') : status !== 404
    const isRight = members.length === 0 ? isKnown && status !== 405 && status < 500 : status === 200
    const answer: object = isRight ? JSON.parse(text) : {}
    const needed = status === 200 ? members : ['detail', 'code', 'request_id']
    const missing = isRight ? needed.filter((name) => !(name in answer)) : []
    if (!isRight || Array.isArray(answer)) wrong.push(`${method} ${template}: ${status} ${text}`)
    if (missing.length > 0) wrong.push(`${method} ${template}: ${status} lacks ${missing}`)
    if (headers['x-request-id'] === undefined) wrong.push(`${method} ${template} has no id`)
  }
  expect(wrong).toEqual([])
})

it('answers a new skill with its row and its first version', async () => {
  const body = { name: 'two', description: 'The other skill.', body_markdown: bodyText }
  const answer = await made('/skills', body)
  const { body_markdown: _, ...row } = (await send('GET', '/skills/two')).json()
  const { id, content_hash } = row.latest_version
  expect(answer).toEqual({ ...row, version: 1, version_id: id, content_hash })
})

it('says on the hot path what each step took', async () => {
  for (const path of ['/skills/menu', '/skills/snapshot', '/skills/two/body']) {
    const { headers } = await send('GET', path)
    expect(headers['server-timing'], path).toMatch(/^scope;dur=[\d.]+, embed;dur=.*, render;dur=[\d.]+$/)
  }
})

it('knows nothing of what is not there', async () => {
  expect((await send('GET', '/skills/one/nothing')).status).toBe(404)
  expect((await send('POST', '/install/nothing', {})).status).toBe(404)
  const nowhere = await send('GET', '/nothing')
  expect([nowhere.status, nowhere.json()]).toEqual([
    404,
    { detail: 'Not Found', code: 'not_found', request_id: nowhere.headers['x-request-id'] },
  ])
  const otherwise = await send('PUT', '/skills/route', {})
  expect([otherwise.status, otherwise.json()]).toMatchObject([405, { code: 'method_not_allowed' }])
})
