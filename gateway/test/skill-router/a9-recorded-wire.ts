import { createHash, randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { call } from '../harness/call-gateway.ts'
import type { Gateway } from '../harness/start-gateway.ts'
import { waitUntil } from '../harness/wait-until.ts'
import type { Stage } from './stage.ts'

/** What the two generations send differently. Recorded from the packages themselves. */
const generations = [
  {
    version: '0.10.3',
    headers: { accept: '*/*', 'accept-encoding': 'gzip, deflate', 'user-agent': 'python-httpx/0.28.1' },
    create: {},
    route: { include_attachments: true },
    bodyQuery: () => 'max_chars=8192&agent_name=support-agent',
    witnesses: () => ({}),
    callTokens: {},
    fork: '',
  },
  {
    version: '0.26.0',
    headers: {
      accept: '*/*',
      'accept-encoding': 'gzip, deflate',
      'user-agent': 'decimalai-sdk/0.26.0 (python/3.11.7; linux)',
    },
    create: { offer_scope: 'workspace' },
    route: { include_attachments: false },
    bodyQuery: (routingId: string) => `max_chars=24000&agent_name=support-agent&routing_id=${routingId}`,
    witnesses: (body: { content_hash: string; skill_id: string; version_id: string }) => ({
      final_output: null,
      skills_delivered_versions: [
        {
          name: 'refund-policy',
          hash: body.content_hash,
          skill_id: body.skill_id,
          version_id: body.version_id,
        },
      ],
    }),
    callTokens: { cache_read_tokens: null, cache_creation_tokens: null },
    fork: '&offer_scope=restricted',
  },
] as const

const text = (topic: string): string =>
  `# ${topic}\n\nAsk for the order number first, then follow the steps for ${topic.toLowerCase()} in order.`
const sha256 = (content: string): string => createHash('sha256').update(content).digest('hex')

/** Requests as the published packages send them, recorded. */
export function describeRecordedWire(stage: () => Stage): void {
  describe.each(generations)('requests as decimalai $version sends them', (generation) => {
    let gateway: Gateway
    let key: string
    let neighbour: string
    let skillId: string

    beforeAll(async () => {
      gateway = stage().gateway
      key = (await stage().open(`wire-${generation.version}`)).key
      neighbour = (await stage().open(`neighbour-of-${generation.version}`)).key
    })

    const send = (method: string, path: string, body?: object, asKey = key) =>
      call(gateway.url, `/api/v1${path}`, {
        method,
        key: asKey,
        headers: generation.headers,
        ...(body === undefined ? {} : { body }),
      })
    const ok = async (method: string, path: string, body?: object, asKey = key) => {
      const answer = await send(method, path, body, asKey)
      expect([answer.status, answer.status === 200 ? '' : answer.text]).toEqual([200, ''])
      return answer.json()
    }
    const route = () =>
      ok('POST', '/skills/route', {
        query: 'I want a refund for my broken order',
        top_k: 10,
        ...generation.route,
        agent_name: 'support-agent',
      })

    it('start', async () => {
      expect(await ok('GET', '/auth/verify')).toMatchObject({
        status: 'ok',
        api_key_valid: true,
        require_manifest_on_ingest: false,
      })
      expect(await ok('GET', '/agents?limit=1000')).toMatchObject({ agents: [], total: 0 })
      const stranger = await call(gateway.url, '/api/v1/auth/verify', { key: 'dai_sk_nobody' })
      expect([stranger.status, typeof stranger.json().detail]).toEqual([401, 'string'])
    })

    it('create, update and read a skill with versions and attachments', async () => {
      const description = 'How to refund an order that arrived broken or late.'
      const draft = {
        name: 'refund-policy',
        description,
        body_markdown: text('Refunds'),
        stability: 'stable',
        category: 'support',
        trigger_phrases: ['refund an order'],
        ...generation.create,
      }
      const created = await ok('POST', '/skills', draft)
      expect(created).toMatchObject({
        name: 'refund-policy',
        version: 1,
        content_hash: sha256(text('Refunds')),
      })
      skillId = created.skill_id
      expect((await send('POST', '/skills', draft)).status).toBe(409)
      await ok('PUT', `/skills/${skillId}`, {
        body_markdown: text('Refunds and exchanges'),
        change_summary: 'exchanges',
        author: 'tester',
      })
      const { id } = await ok('POST', `/skills/${skillId}/attachments`, {
        file_path: 'scripts/check.py',
        directory: 'scripts',
        content_text: 'print(1)\n',
        content_type: 'text/x-python',
      })
      await ok('POST', `/skills/${skillId}/attachments/bulk`, {
        files: [{ file_path: 'references/fees.md', directory: 'references', content_text: '# Fees\n' }],
      })
      expect((await ok('GET', `/skills/${skillId}/attachments`)).attachments).toHaveLength(2)
      expect(id).toEqual(expect.any(String))
      expect(await ok('GET', `/skills/${skillId}/attachments/by-path/references/fees.md`)).toMatchObject({
        content_text: '# Fees\n',
      })
      const row = await ok('GET', '/skills/refund-policy')
      expect(row.latest_version).toMatchObject({
        version_number: expect.any(Number),
        content_hash: sha256(text('Refunds and exchanges')),
      })
      expect(row).not.toHaveProperty('content_hash')
      expect(await ok('GET', '/skills/refund-policy/versions/1')).toMatchObject({
        version_number: 1,
        body_markdown: text('Refunds'),
      })
      expect((await ok('GET', '/skills')).skills[0].latest_version.version_number).toBe(
        row.latest_version.version_number,
      )
    })

    it('synchronise raw descriptors and keep no local path', async () => {
      const body = text('Shipping')
      const row = {
        name: 'shipping-times',
        description: 'About shipping.',
        body,
        hash: `sha256:${sha256(body)}`,
        source_path: '/home/somebody/private/SKILL.md',
        invented: 1,
      }
      const sync = (skills: object[], policy: string) =>
        ok('POST', '/skills/sync', {
          skills,
          conflict_policy: policy,
          response_mode: 'diff',
          ...generation.create,
        })
      expect((await sync([row], 'local_wins')).actions).toMatchObject([
        { action: 'created', name: 'shipping-times' },
      ])
      const changed = {
        ...row,
        body: text('Faster shipping'),
        hash: `sha256:${sha256(text('Faster shipping'))}`,
      }
      expect((await sync([changed], 'remote_wins')).actions).toMatchObject([
        { action: 'pulled', body_markdown: body },
      ])
      expect(
        (await sync([{ ...changed, local_updated_at: '2020-01-01T00:00:00Z' }], 'newer_wins')).actions,
      ).toMatchObject([{ action: 'pulled' }])
      expect((await sync([changed], 'newer_wins')).actions).toMatchObject([
        { action: 'pushed', new_version_number: 2 },
      ])
      expect(
        (await sync([{ name: 'bad|name', body }, changed], 'local_wins')).actions.map(
          ({ action }: { action: string }) => action,
        ),
      ).toEqual(['failed', 'no_change'])
      expect((await ok('GET', '/skills/hashes')).hashes['shipping-times']).toEqual({
        hash: sha256(text('Faster shipping')),
        version: 2,
      })
      expect(gateway.stdout() + gateway.stderr()).not.toContain('/home/somebody')
    })

    it('offer every field that either generation reads', async () => {
      await waitUntil(
        'the skills are on the menu',
        async () => (await ok('GET', '/skills/menu')).rows_total === 2,
      )
      const menu = await ok('GET', '/skills/menu?agent_name=support-agent')
      const routed = await route()
      for (const answer of [menu, routed]) {
        for (const member of [
          'prompt_fragment',
          'stable_menu',
          'menu_instruction',
          'routing_hint',
          'strategy',
          'routing_id',
        ])
          expect(typeof answer[member]).toBe('string')
        expect(answer).toMatchObject({
          stable_menu_skills: ['refund-policy', 'shipping-times'],
          rows_total: 2,
        })
      }
      expect(routed.skills[0]).toMatchObject({ name: 'refund-policy', selected: true })
      expect(routed.routing_hint).toContain('refund-policy')
      expect(routed.routing_id).not.toBe(menu.routing_id)
    })

    it('load, report and see the join closed', async () => {
      const { routing_id: routingId } = await route()
      const body = await ok('GET', `/skills/refund-policy/body?${generation.bodyQuery(routingId)}`)
      expect(body).toMatchObject({
        body: text('Refunds and exchanges'),
        truncated: false,
        content_hash_matches_body: true,
        content_hash: sha256(text('Refunds and exchanges')),
      })
      for (const name of ['no-such-skill', 'owner/no-such-skill'])
        expect((await send('GET', `/skills/${name}/body?${generation.bodyQuery(routingId)}`)).status).toBe(
          404,
        )
      const manifest = {
        id: randomUUID(),
        agent_name: 'support-agent',
        version_label: null,
        manifest_hash: sha256('manifest'),
        detection_source: 'sdk',
        components: [
          {
            component_type: 'model',
            component_name: 'gpt-4o-mini',
            component_version: 'gpt-4o-mini',
            content_hash: sha256('model'),
            schema_json: { provider: 'openai' },
          },
        ],
        agent_models_json: {},
        graph_topology_hash: null,
        component_summary_json: { models: 1 },
        is_closed_world: false,
      }
      const registered = await ok('POST', '/manifests', manifest)
      expect(registered).toMatchObject({ is_new: true, version_label: 'v1', components: 1 })
      expect(await ok('POST', '/manifests', { ...manifest, id: randomUUID() })).toMatchObject({
        is_new: false,
        manifest_id: registered.manifest_id,
      })
      const at = new Date().toISOString()
      const modelCall = {
        id: randomUUID(),
        span_id: null,
        agent_name: 'support-agent',
        call_role: 'other',
        provider: 'openai',
        model_name: 'gpt-4o-mini',
        rendered_input: [{ role: 'user', content: 'I want a refund' }],
        output: { role: 'assistant', content: 'Sure.' },
        tool_calls: [],
        finish_reason: null,
        input_tokens: 10,
        output_tokens: 5,
        latency_ms: null,
        cost_usd: null,
        streaming: false,
        status: 'success',
        started_at: at,
        ended_at: at,
        ...generation.callTokens,
      }
      const trace = {
        id: randomUUID(),
        project: null,
        manifest_id: registered.manifest_id,
        session_id: null,
        agent_name: 'support-agent',
        status: 'success',
        source_type: 'production',
        started_at: at,
        ended_at: at,
        user_input_preview: 'I want a refund',
        final_output_preview: 'Sure.',
        error_code: null,
        error_message: null,
        parent_trace_id: null,
        routing_id: routingId,
        spans: [],
        llm_calls: [modelCall],
        eval_scores: [],
        active_skills: [{ name: 'refund-policy' }],
        skills_offered_in_prompt: ['refund-policy', 'shipping-times'],
        skills_loaded_by_agent: ['refund-policy'],
        skills_delivered: ['refund-policy'],
        session_metadata: {},
        turn_index: null,
        ...generation.witnesses(body),
      }
      expect(await ok('POST', '/traces', trace)).toMatchObject({ status: 'ok', id: trace.id })
      expect((await send('POST', '/traces', trace)).status).toBe(400)
      expect(await ok('GET', `/skills/routing/${routingId}`)).toMatchObject({
        closed: true,
        activated: ['refund-policy'],
        offered_not_activated: ['shipping-times'],
      })
      await ok('POST', `/traces/${trace.id}/eval-scores`, {
        source: 'test',
        scores: [{ name: 'correctness', score: 0.9, passed: true }],
      })
      await waitUntil(
        'the trace is counted',
        async () => (await ok('GET', '/skills/refund-policy/router-stats')).activated_count === 1,
      )
      const [row] = (
        await ok(
          'GET',
          '/skills/analytics/metrics?agent_name=support-agent&window_days=30&skill_name=refund-policy',
        )
      ).skills
      expect(row).toMatchObject({
        name: 'refund-policy',
        activation_count: 1,
        judged_count: 1,
        pass_count: 1,
      })
      expect((await ok('GET', '/agents?limit=50&offset=0')).agents).toMatchObject([
        { agent_name: 'support-agent', trace_count: 1 },
      ])
    })

    it('send batches as a bare array, good rows kept', async () => {
      const at = new Date().toISOString()
      const trace = (status: string) => ({
        id: randomUUID(),
        agent_name: 'support-agent',
        status,
        source_type: 'replayed',
        started_at: at,
        ended_at: at,
        spans: [],
        llm_calls: [],
      })
      const batch = [trace('partial'), trace('running'), trace('nonsense')]
      const answer = await ok('POST', '/traces/batch', batch)
      expect(answer).toMatchObject({
        count: 2,
        trace_ids: batch.slice(0, 2).map(({ id }) => id),
        errors: [{ index: 2 }],
      })
    })

    it('publish, find, link, copy and withdraw', async () => {
      expect(
        await ok(
          'POST',
          '/skills/refund-policy/publish?category=support&tags=billing&author_display_name=Acme',
        ),
      ).toMatchObject({ status: 'ok', skill_badge: 'community' })
      const { items } = await ok('GET', '/registry/skills?q=refund-policy&limit=10', undefined, neighbour)
      const id = items.find(({ name }: { name: string }) => name === 'refund-policy').id
      expect(await ok('GET', `/registry/skills/${id}`, undefined, neighbour)).toMatchObject({
        name: 'refund-policy',
        body_markdown: text('Refunds and exchanges'),
      })
      await ok('POST', `/registry/skills/${id}/use?scope=workspace&mode=latest`, undefined, neighbour)
      const forkPath = `/registry/skills/${id}/fork?new_name=our-refunds${generation.fork}`
      expect(await ok('POST', forkPath, undefined, neighbour)).toMatchObject({
        status: 'ok',
        skill: { name: 'our-refunds' },
      })
      const again = await send('POST', forkPath, undefined, neighbour)
      expect([again.status, again.headers['x-installed-as']]).toEqual([409, 'our-refunds'])
      expect(
        await ok('POST', '/skills/our-refunds/merge-upstream?mode=preview', undefined, neighbour),
      ).toMatchObject({
        current_body: text('Refunds and exchanges'),
      })
      expect(await ok('POST', '/skills/refund-policy/unpublish')).toMatchObject({ status: 'ok' })
      expect(await ok('DELETE', `/skills/${skillId}`)).toMatchObject({ status: 'ok', deleted: true })
    })
  })
}
