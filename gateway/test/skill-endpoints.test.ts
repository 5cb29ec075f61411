import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { type Gateway, startGateway } from './harness/start-gateway.ts'

/** Every endpoint clients of the Skill Router know. `{…}` stands for something that exists. */
const endpoints = `
GET /auth/verify
GET /skills/menu
POST /skills/route
GET /skills/{skill}/body
GET /skills/routing/{routing_id}
GET /skills/{skill}/router-stats
GET /skills/snapshot
GET /skills
POST /skills
GET /skills/{skill}
PUT /skills/{skill}
GET /skills/{skill}/versions
GET /skills/{skill}/versions/1
GET /skills/hashes
GET /skills/{skill}/attachments
GET /skills/{skill}/attachments/{attachment}
GET /skills/{skill}/attachments/by-path/scripts/a.py
POST /skills/{skill}/attachments
POST /skills/{skill}/attachments/bulk
POST /skills/reembed
POST /skills/sync
POST /skills/installs/report
GET /skills/analytics/metrics
GET /skills/analytics/compare
GET /skills/analytics/leaderboard
GET /skills/{skill}/effectiveness
GET /skills/analytics/gaps
POST /skills/routing/{routing_id}/outcome
GET /registry/skills
GET /registry/skills/{skill}
GET /registry/skills/{skill}/attachments
GET /registry/skills/{skill}/attachments/by-path/scripts/a.py
GET /registry/skills/{skill}/eval
GET /registry/skills/{skill}/benchmark
GET /registry/skills/{skill}/activations
GET /registry/skills/{skill}/bundle
GET /registry/leaderboard
POST /registry/skills/{skill}/use
POST /registry/skills/{skill}/install
POST /install/resolve
GET /install/bundles/{version_id}
POST /registry/install/resolve
GET /registry/install/bundles/{version_id}
POST /skills/{skill}/publish
POST /skills/{skill}/merge-upstream
POST /skills/{skill}/benchmark/run
POST /skills/{skill}/benchmark/import
POST /skills/{skill}/checks/run
POST /registry/skills/{skill}/fork
GET /agents
GET /agents/{agent}/skills
POST /agents/{agent}/skills/{skill}
DELETE /agents/{agent}/skills/{skill}
PUT /agents/{agent}/prompt
GET /agents/{agent}/prompt
GET /bundles
POST /bundles
GET /bundles/{bundle}
PUT /bundles/{bundle}
POST /bundles/{bundle}/apply?agent=helper
DELETE /bundles/{bundle}
POST /traces
POST /traces/batch
GET /traces
GET /traces/stats
GET /traces/{trace}
POST /traces/{trace}/eval-scores
POST /traces/{trace}/annotations
POST /traces/{trace}/evaluate
POST /traces/{trace}/decision
POST /traces/batch-decision
GET /traces/{trace}/eval-breakdown
GET /traces/eval/stats
POST /import/jsonl
POST /import/traces
POST /traces/import
POST /traces/import-bulk
POST /manifests
GET /manifests
GET /manifests/{manifest}
GET /manifests/{manifest}/diff
POST /evaluators/register
GET /evaluators
POST /evaluators
GET /evaluators/{evaluator}
PUT /evaluators/{evaluator}
DELETE /evaluators/{evaluator}
GET /evaluators/templates
GET /alerts
POST /alerts/{alert}/ack
GET /alert-rules
POST /alert-rules
GET /webhooks
POST /webhooks
POST /webhooks/{webhook}/test
GET /router/health
GET /quotas
DELETE /skills/{skill}/attachments/{attachment}
POST /skills/{skill}/unpublish
DELETE /skills/{skill}
`
  .trim()
  .split('\n')
  .map((line) => line.split(' ') as [method: string, path: string])

/** What has to be there for some of them to answer, and what a plain request to it lacks. */
const measured = new Set(['GET /registry/skills/{skill}/benchmark'])

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
    body_markdown: '# One\n\nAsk for the order number first, then look it up.',
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

it('answers every endpoint, in one order', async () => {
  const absent: string[] = []
  for (const [method, template] of endpoints) {
    const path = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(ids[name] ?? ''))
    const body = method === 'POST' || method === 'PUT' ? { id: randomUUID() } : undefined
    const { status, text } = await send(method, path, body)
    const isKnown = measured.has(`${method} ${template}`) ? text.includes('never measured') : status !== 404
    if (!isKnown || status === 405 || status >= 500) absent.push(`${method} ${template}: ${status} ${text}`)
  }
  expect(absent).toEqual([])
})

it('knows nothing of what is not there', async () => {
  expect((await send('GET', '/skills/one/nothing')).status).toBe(404)
  expect((await send('POST', '/install/nothing', {})).status).toBe(404)
})
