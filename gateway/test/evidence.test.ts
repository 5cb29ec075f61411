import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listDatabases } from './harness/databases.ts'
import { type Gateway, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

describe.each(await listDatabases())('evidence over $name', ({ create: createDatabase }) => {
  let gateway: Gateway
  let database: Awaited<ReturnType<typeof createDatabase>>
  let ada: string
  let eve: string

  beforeAll(async () => {
    const answering = (name: string, mock_response: string) => ({
      model_name: name,
      litellm_params: { model: `openai/${name}`, api_key: 'sk-x', mock_response },
    })
    const model_list = [
      answering('judge', 'Sure: ```{"score": 0.25, "reason": "It says too little."}```'),
      answering('mumbler', 'I would rather not say.'),
    ]
    database = await createDatabase()
    gateway = await startGateway({ config: { model_list }, env: database.env })
    ada = (await gateway.createKey({ organization_id: 'ada' })).key
    eve = (await gateway.createKey({ organization_id: 'eve' })).key
  })
  afterAll(async () => {
    await gateway?.stop()
    await database?.remove()
  })

  interface Answer {
    readonly status: number
    // biome-ignore lint/suspicious/noExplicitAny: answers of many routes are looked into as they are
    readonly body: any
  }

  async function api(method: string, path: string, body?: unknown, key = ada): Promise<Answer> {
    const raw = typeof body === 'string' || Buffer.isBuffer(body)
    const answer = await fetch(`${gateway.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: raw ? (body as string) : JSON.stringify(body) }),
    })
    return { status: answer.status, body: await answer.json() }
  }

  /** Counting rests for a moment after it was expensive, as on a busy machine. */
  async function counted(skill: string, activations: number): Promise<void> {
    await waitUntil(`${activations} activations of ${skill} are counted`, async () => {
      const { body } = await api('GET', `/skills/${skill}/effectiveness`)
      return body.overall?.activation_count === activations
    })
  }

  const startedAt = Date.now()
  const minutesAgo = (minutes: number): string => new Date(startedAt - minutes * 60_000).toISOString()
  const trace = (members: object = {}) => ({
    id: randomUUID(),
    agent_name: 'helper',
    started_at: minutesAgo(2),
    ended_at: minutesAgo(1),
    ...members,
  })
  const judged = (skill: string, passed: boolean, members: object = {}) =>
    trace({
      skills_loaded_by_agent: [skill],
      eval_scores: [{ name: 'correct', score: passed ? 1 : 0, passed }],
      llm_calls: [{ model_name: 'gpt-4o-2024-08-06', output_tokens: 10 }],
      ...members,
    })

  describe('traces over HTTP', () => {
    it('are taken, shown and listed', async () => {
      const body = trace({ user_input: 'merge two PDFs', skills_loaded_by_agent: ['pdf'], surprise: 1 })
      expect(await api('POST', '/traces', body)).toEqual({
        status: 200,
        body: { status: 'ok', id: body.id, trace_id: body.id, agent_name: 'helper', spans: 0, llm_calls: 0 },
      })
      expect((await api('GET', `/traces/${body.id}`)).body).toMatchObject({
        id: body.id,
        user_input_preview: 'merge two PDFs',
        activated: ['pdf'],
        eval_verdict: null,
        latency_ms: 60_000,
      })
      const listed = await api('GET', `/traces?skill=pdf&search=MERGE`)
      expect(listed.body).toMatchObject({ total: 1, limit: 20, offset: 0, traces: [{ id: body.id }] })
    })

    it('are kept once under one idempotency key, and a refused one may be sent again', async () => {
      const key = randomUUID()
      const send = async (body: object, path = '/traces') => {
        const headers = { authorization: `Bearer ${ada}`, 'idempotency-key': key }
        const answer = await fetch(`${gateway.url}/api/v1${path}`, {
          method: 'POST',
          headers,
          body: JSON.stringify(body),
        })
        return { status: answer.status, body: await answer.json() }
      }
      const { id: _, ...nameless } = trace({ agent_name: 'idempotent' })
      expect((await send({ ...nameless, status: 'ok' })).status).toBe(400)
      const first = await send(nameless)
      expect(first.status).toBe(200)
      expect(await send(nameless)).toEqual(first)
      expect((await api('GET', '/traces?agent_name=idempotent')).body.total).toBe(1)
      expect((await api('GET', '/traces?agent_name=idempotent', undefined, eve)).body.total).toBe(0)
    })

    it('are refused with the reason, in the form clients of traces read', async () => {
      const refused = await api('POST', '/traces', trace({ status: 'ok' }))
      expect(refused.status).toBe(400)
      expect(refused.body).toMatchObject({
        detail: expect.stringMatching(/^Trace validation failed: status must be one of/),
        error_code: 'TRACE_VALIDATION_FAILED',
        request_id: expect.any(String),
      })
      const shapeless = await api('POST', '/traces', { agent_name: 7 })
      expect(shapeless).toMatchObject({
        status: 422,
        body: { detail: [{ loc: ['body', 'agent_name'] }], details: { errors: [{ field: 'agent_name' }] } },
      })
      expect((await api('POST', '/traces', '{"agent_name":')).status).toBe(422)
    })

    it('exist once, also when the same one comes many times at once', async () => {
      const body = trace()
      const answers = await Promise.all(Array.from({ length: 12 }, () => api('POST', '/traces', body)))
      const taken = answers.filter(({ status }) => status === 200)
      const refused = answers.filter(({ status }) => status === 400)
      expect([taken.length, refused.length]).toEqual([1, 11])
      expect(refused[0]?.body.detail).toContain('already exists')
      expect((await api('POST', '/traces', body, eve)).status).toBe(200)
    })

    it('come in batches of which the good ones are kept', async () => {
      const [good, also] = [trace(), trace()]
      const answer = await api('POST', '/traces/batch', [good, { id: randomUUID() }, good, also, 'text'])
      expect(answer.body).toEqual({
        count: 2,
        trace_ids: [good.id, also.id],
        errors: [
          { index: 1, message: 'agent_name is required' },
          { index: 2, message: `a trace with id ${good.id} already exists` },
          { index: 4, message: expect.stringContaining('expected object') },
        ],
      })
      expect((await api('POST', '/traces/batch', { traces: [] })).status).toBe(422)
      expect((await api('POST', '/traces/batch', [])).body).toEqual({ count: 0, trace_ids: [], errors: [] })
    })

    it('may hold megabytes, up to ten', async () => {
      const many = Array.from({ length: 3_000 }, () => trace({ final_output: 'x'.repeat(2_500) }))
      expect((await api('POST', '/traces/batch', many)).body).toMatchObject({ count: 3_000, errors: [] })
      const huge = `[${JSON.stringify(trace())},"${'x'.repeat(10 * 1_048_576)}"]`
      expect((await api('POST', '/traces/batch', huge)).status).toBe(413)
    })

    it('survive a kill right after they were acknowledged', async () => {
      const ids: string[] = []
      for (let n = 0; n < 5; n += 1) {
        const answer = await api(
          'POST',
          '/traces/batch',
          Array.from({ length: 20 }, () => trace({ agent_name: 'kill' })),
        )
        ids.push(...answer.body.trace_ids)
      }
      await gateway.restart('SIGKILL')
      const listed = await api('GET', '/traces?agent_name=kill&limit=500')
      expect(listed.body.traces.map(({ id }: { id: string }) => id).sort()).toEqual(ids.sort())
    })

    it('can be imported as JSON, JSON lines and an uploaded file', async () => {
      const bulk = await api('POST', '/import/traces', {
        traces: [trace(), trace({ status: '?' })],
        agent_name: 'x',
      })
      expect(bulk.body).toMatchObject({ imported_count: 1, error_count: 1, errors: [{ index: 1 }] })
      const { agent_name: _, ...nameless } = trace()
      const lines = `${JSON.stringify(nameless)}\n\nnot json\n${JSON.stringify(trace())}\n`
      expect((await api('POST', '/import/jsonl?agent_name=lines', lines)).body).toMatchObject({
        imported_count: 2,
        errors: [{ index: 1, message: 'this line is not JSON' }],
      })
      const form = new FormData()
      form.append('file', new Blob([JSON.stringify({ ...nameless, id: randomUUID() })]), 'traces.jsonl')
      form.append('agent_name', 'form')
      const uploaded = await fetch(`${gateway.url}/api/v1/traces/import`, {
        method: 'POST',
        headers: { authorization: `Bearer ${ada}` },
        body: form,
      })
      expect(await uploaded.json()).toEqual({ imported_count: 1, error_count: 0, errors: [] })
      expect((await api('GET', '/traces?agent_name=form')).body.total).toBe(1)
    })
  })

  describe('judgements over HTTP', () => {
    it('follow each other by precedence', async () => {
      const { id } = (await api('POST', '/traces', trace())).body
      const scores = await api('POST', `/traces/${id}/eval-scores`, {
        source: 'deepeval',
        scores: [{ name: 'tone', score: 0.2, reason: 'rude' }],
      })
      expect(scores.body).toMatchObject({ status: 'ok', stored: 1 })
      expect((await api('POST', `/traces/${id}/decision`)).body).toMatchObject({
        verdict: 'fail',
        quality_avg: 0.2,
      })
      await api('POST', `/traces/${id}/decision`, { verdict: 'pass' })
      expect((await api('GET', `/traces/${id}`)).body.eval_verdict).toBe('pass')
      const note = await api('POST', `/traces/${id}/annotations`, {
        correctness: 'incorrect',
        notes: 'wrong sum',
      })
      expect(note.body).toMatchObject({ id: expect.any(String), correctness: 'incorrect', trace_id: id })
      const breakdown = (await api('GET', `/traces/${id}/eval-breakdown`)).body
      expect(breakdown).toMatchObject({
        eval_verdict: 'fail',
        source_groups: [{ source: 'deepeval', source_avg: 0.2, scores: [{ name: 'tone', passed: false }] }],
        annotations: [{ notes: 'wrong sum' }],
        decision_reasons: [expect.stringContaining('human')],
      })
      const many = await api('POST', '/traces/batch-decision', { trace_ids: [id] })
      expect(many.body).toMatchObject({ total: 1, verdict_counts: { fail: 1 } })
      expect((await api('GET', '/traces/eval/stats')).body.verdict_breakdown.fail).toBeGreaterThan(0)
      expect((await api('GET', '/traces/stats')).body).toMatchObject({
        total: expect.any(Number),
        error_rate: 0,
      })
    })

    it('are refused when they say nothing or nonsense', async () => {
      const { id } = (await api('POST', '/traces', trace())).body
      for (const [path, body] of [
        ['annotations', {}],
        ['annotations', { flagged_for_review: true }],
        ['annotations', { rating: 6 }],
        ['eval-scores', { scores: [] }],
        ['eval-scores', { scores: [{ score: 1 }] }],
        ['decision', { verdict: 'maybe' }],
      ] as const) {
        expect(
          (await api('POST', `/traces/${id}/${path}`, body)).status,
          `${path} ${JSON.stringify(body)}`,
        ).toBe(422)
      }
    })
  })

  describe('manifests over HTTP', () => {
    it('are registered once by hash, numbered, superseded and compared', async () => {
      const component = (name: string, hash: string) => ({
        component_type: 'tool',
        component_name: name,
        content_hash: hash,
      })
      const register = async (hash: string, components: object[]) =>
        (await api('POST', '/manifests', { agent_name: 'm', manifest_hash: hash, components })).body
      const first = await register('h1', [component('a', '1'), component('b', '1')])
      expect(first).toMatchObject({ status: 'ok', version_label: 'v1', is_new: true, components: 2 })
      expect(await register('h1', [])).toMatchObject({ manifest_id: first.manifest_id, is_new: false })
      const second = await register('h2', [component('b', '2'), component('c', '1')])
      expect(second).toMatchObject({ version_label: 'v2', is_new: true })
      const { diff } = (await api('GET', `/manifests/${second.manifest_id}/diff`)).body
      expect(diff.summary).toEqual({ added: 1, removed: 1, changed: 1 })
      expect((await api('GET', `/manifests/${first.manifest_id}/diff`)).body).toMatchObject({ diff: null })
      const self = `/manifests/${first.manifest_id}/diff?against=${first.manifest_id}`
      expect((await api('GET', self)).body).toEqual({ diff: null, verdict: 'self_comparison' })
      const listed = (await api('GET', '/manifests?agent_name=m')).body
      expect(listed.manifests.map(({ status }: { status: string }) => status)).toEqual([
        'active',
        'superseded',
      ])

      expect((await api('POST', '/traces', trace({ manifest_id: second.manifest_id }))).status).toBe(200)
      const unknown = await api('POST', '/traces', trace({ manifest_id: randomUUID() }))
      expect(unknown.body.detail).toContain('is not registered')
      const foreign = await api('POST', '/traces', trace({ manifest_id: second.manifest_id }), eve)
      expect(foreign.body.detail.replace(second.manifest_id, '')).toBe(
        unknown.body.detail.replace(/[0-9a-f-]{36}/, ''),
      )
    })
  })

  describe('evaluators over HTTP', () => {
    it('are made from templates or by hand, run here, and are told apart from judges', async () => {
      const { templates } = (await api('GET', '/evaluators/templates')).body
      expect(templates.map(({ id }: { id: string }) => id)).toContain('helpfulness_judge')
      const made = await api('POST', '/evaluators', { agent_name: 'e', template_id: 'non_empty_output' })
      expect(made.body).toMatchObject({ status: 'ok', eval_type: 'deterministic', check: 'output_not_empty' })
      await api('POST', '/evaluators', { agent_name: 'e', template_id: 'helpfulness_judge' })
      const { id } = (await api('POST', '/traces', trace({ agent_name: 'e', final_output: 'done' }))).body
      expect((await api('POST', `/traces/${id}/evaluate`)).body).toMatchObject({
        verdict: 'pass',
        score: 1,
        checks: [
          { check: 'helpfulness_judge', passed: null, status: 'unreviewed' },
          { check: 'non_empty_output', passed: true, status: 'reviewed' },
        ],
      })
      const judge = { mode: 'llm_judge', evaluator: 'helpfulness_judge' }
      expect((await api('POST', `/traces/${id}/evaluate`, judge)).body).toMatchObject({ score: null })
      expect((await api('POST', `/traces/${id}/evaluate`, { evaluator: 'nobody' })).status).toBe(404)

      const asked = await api('POST', `/traces/${id}/evaluate`, { ...judge, model: 'judge' })
      expect(asked.body).toMatchObject({
        verdict: 'fail',
        score: 0.25,
        checks: [{ passed: false, status: 'reviewed', reasoning: 'It says too little.' }],
      })
      for (const model of ['mumbler', 'nobody']) {
        const lost = await api('POST', `/traces/${id}/evaluate`, { ...judge, model })
        expect(lost.body, model).toMatchObject({
          score: null,
          checks: [{ status: 'unreviewed', passed: null }],
        })
      }
      expect((await api('GET', `/traces/${id}`)).body.eval_verdict).toBe('fail')

      const changed = await api('PUT', `/evaluators/${made.body.id}`, { enabled: false, threshold: 0.9 })
      expect(changed.body).toMatchObject({ enabled: false, threshold: 0.9, check: 'output_not_empty' })
      expect((await api('DELETE', `/evaluators/${made.body.id}`)).body).toEqual({
        status: 'ok',
        deleted: true,
      })
      expect((await api('GET', `/evaluators/${made.body.id}`)).status).toBe(404)
      expect((await api('POST', '/evaluators', { name: 'x', eval_type: 'deterministic' })).status).toBe(422)
      expect((await api('POST', '/evaluators', { template_id: 'nothing' })).status).toBe(422)
      const registered = await api('POST', '/evaluators/register', {
        evaluators: [{ name: 'mine', threshold: 0.8 }],
      })
      expect(registered.body).toMatchObject({ total: 1, registered: [{ name: 'mine', origin: 'sdk' }] })
      await api('POST', `/traces/${id}/eval-scores`, { scores: [{ name: 'mine', score: 0.7 }] })
      expect((await api('GET', `/traces/${id}`)).body.eval_verdict).toBe('fail')
    })
  })

  describe('analytics over HTTP', () => {
    it('tell how a skill does, per model, with what is unknown as null', async () => {
      const batch = [
        ...Array.from({ length: 30 }, (_, n) => judged('solver', n < 24)),
        judged('solver', true, {
          status: 'error',
          llm_calls: [{ model_name: 'claude-3-5-sonnet-20241022' }],
        }),
        trace({ skills_delivered: ['shown'] }),
        trace({ active_skills: ['unjudged'] }),
      ]
      expect((await api('POST', '/traces/batch', batch)).body.errors).toEqual([])
      await counted('solver', 31)
      await counted('unjudged', 1)
      const { skills } = (await api('GET', '/skills/analytics/metrics?agent_name=helper')).body
      const row = (name: string) => skills.find((skill: { name: string }) => skill.name === name)
      expect(row('solver')).toMatchObject({
        activation_count: 31,
        judged_count: 31,
        pass_count: 25,
        fail_count: 6,
        pass_rate: 25 / 31,
        solo_pass_rate: 25 / 31,
        error_rate: 1 / 31,
        avg_latency_ms: 60_000,
        avg_cost_usd: null,
        offered_not_activated_rate: null,
        trend: 'stable',
        trend_detail: { status: 'insufficient_data', n1: 0, n2: 31 },
      })
      expect(
        row('solver')
          .by_model.map(({ model_family }: { model_family: string }) => model_family)
          .sort(),
      ).toEqual(['claude-3-5-sonnet', 'gpt-4o'])
      expect(row('shown')).toMatchObject({
        activation_count: 0,
        delivered_count: 1,
        pass_rate: null,
        effectiveness: null,
      })
      expect(row('unjudged')).toMatchObject({
        activation_count: 1,
        judged_count: 0,
        pass_rate: null,
        pass_rate_ci: null,
      })
      const effectiveness = (await api('GET', '/skills/solver/effectiveness')).body
      expect(effectiveness).toMatchObject({ skill: 'solver', window_days: 90, overall: { judged_count: 31 } })
      const board = (await api('GET', '/skills/analytics/leaderboard')).body.leaderboard
      expect(board.find(({ name }: { name: string }) => name === 'solver')).toMatchObject({
        provisional: false,
      })
      expect((await api('GET', '/skills/analytics/gaps')).body).toEqual({ window_days: 30, gaps: [] })
    })

    it('compare two versions by hash or prefix', async () => {
      const [old, fresh] = ['a'.repeat(64), `b${'c'.repeat(63)}`]
      const version = (hash: string) => ({
        skills_delivered_versions: [{ name: 'versioned', hash: `sha256:${hash}` }],
      })
      const batch = [
        ...Array.from({ length: 60 }, (_, n) => judged('versioned', n < 40, version(old))),
        ...Array.from({ length: 60 }, (_, n) => judged('versioned', n < 50, version(fresh))),
      ]
      await api('POST', '/traces/batch', batch)
      await counted('versioned', 120)
      const compare = (baseline: string, candidate: string) =>
        api(
          'GET',
          `/skills/analytics/compare?skill_name=versioned&baseline_hash=${baseline}&candidate_hash=${candidate}`,
        )
      const { body } = await compare(old, `sha256:${fresh.slice(0, 12)}`)
      expect(body).toMatchObject({
        skill_name: 'versioned',
        verdict: 'improved',
        test: 'two_proportion_z',
        min_effect: 0.02,
        baseline: { hash: old, judged_count: 60, pass_count: 40 },
        candidate: { hash: fresh, judged_count: 60, pass_count: 50 },
      })
      expect(body.p_value).toBeCloseTo(0.035014981019662404, 9)
      expect((await compare(old, 'f'.repeat(64))).status).toBe(404)
      expect((await compare(old, 'bc')).status).toBe(400)
      expect((await api('GET', '/skills/analytics/compare?skill_name=versioned')).status).toBe(422)
      expect((await api('GET', '/skills/analytics/metrics?window_days=0')).status).toBe(422)
      expect((await api('GET', '/skills/no-such-skill/router-stats')).status).toBe(404)
    })
  })

  describe('another tenant', () => {
    it('finds nothing of this one, and cannot tell it from nothing', async () => {
      const { id } = (await api('POST', '/traces', judged('secret-skill', true))).body
      await counted('secret-skill', 1)
      for (const [method, path, body] of [
        ['GET', ''],
        ['GET', '/eval-scores'],
        ['GET', '/eval-breakdown'],
        ['POST', '/decision', { verdict: 'fail' }],
        ['POST', '/annotations', { correctness: 'incorrect' }],
        ['POST', '/eval-scores', { scores: [{ name: 'x', score: 0 }] }],
        ['POST', '/evaluate'],
      ] as const) {
        const foreign = await api(method, `/traces/${id}${path}`, body, eve)
        const unknown = await api(method, `/traces/${randomUUID()}${path}`, body, eve)
        expect(foreign.status, path).toBe(404)
        expect(foreign.body.detail.replace(/[0-9a-f-]{36}/, '')).toBe(
          unknown.body.detail.replace(/[0-9a-f-]{36}/, ''),
        )
      }
      expect((await api('GET', `/traces/${id}`)).body.eval_verdict).toBe('pass')
      const metrics = (await api('GET', '/skills/analytics/metrics', undefined, eve)).body.skills
      expect(JSON.stringify(metrics)).not.toContain('secret-skill')
      expect((await api('GET', '/skills/secret-skill/effectiveness', undefined, eve)).status).toBe(404)
      expect((await api('GET', '/traces?search=', undefined, eve)).body.total).toBe(1)
    })
  })
})
