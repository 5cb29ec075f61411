import { describe, expect, it } from 'vitest'
import { parseTrace } from './parse-trace.ts'
import { traceId } from './trace.fixture.ts'
import { TraceError } from './trace-error.ts'

const now = Date.UTC(2026, 5, 1, 12)
const context = { now, newId: () => traceId(42), requireManifest: false }
const parse = (body: unknown) => parseTrace(body, context)
const span = {
  name: 'x',
  span_type: 'llm',
  started_at: '2026-06-01T11:00:00Z',
  ended_at: '2026-06-01T11:00:01Z',
}

describe('a trace', () => {
  it('needs no more than the name of its agent', () => {
    expect(parse({ agent_name: ' helper ' })).toEqual({
      id: traceId(42),
      day: '2026-06-01',
      agentName: 'helper',
      status: 'success',
      sourceType: 'production',
      sessionId: null,
      manifestId: null,
      parentTraceId: null,
      routingIds: [],
      skills: [],
      modelName: '',
      modelFamily: '',
      latencyMs: null,
      costUsd: null,
      startedAt: null,
      endedAt: null,
      receivedAt: now,
      document: { agent_name: ' helper ', spans: [], llm_calls: [] },
      scores: [],
    })
  })

  it.each([
    ['agent_name is required', { agent_name: undefined }],
    ['agent_name is required', { agent_name: ' \n' }],
    ['agent_name is longer', { agent_name: 'a'.repeat(256) }],
    ['NUL', { agent_name: 'a\0b' }],
    ['status must be one of success, error, degraded, partial, running', { status: 'ok' }],
    ['source_type must be one of production', { source_type: 'prod' }],
    ['started_at is not an ISO 8601 time', { started_at: 'yesterday' }],
    ['started_at is not an ISO 8601 time', { started_at: '1780315200' }],
    ['started_at is not an ISO 8601 time', { started_at: '2026-13-01T00:00:00Z' }],
    [
      'ended_at is before started_at',
      { started_at: '2026-06-01T11:00:01Z', ended_at: '2026-06-01T11:00:00Z' },
    ],
    ['more than 5 years in the past', { started_at: '2021-05-01T00:00:00Z' }],
    ['more than 1 day in the future', { ended_at: '2026-06-02T12:00:01Z' }],
    ['eval_score is not accepted', { eval_score: 0.5 }],
    ['eval_score is not accepted', { eval_score: null }],
    ['llm_calls[0].model_name', { llm_calls: [{ provider: 'openai' }] }],
    ['spans[1].ended_at', { spans: [span, { ...span, ended_at: undefined }] }],
    ['spans[0].ended_at is before', { spans: [{ ...span, ended_at: '2026-06-01T10:00:00Z' }] }],
    ['id is not a UUID', { id: 'rt_1' }],
    ['manifest_id is not a UUID', { manifest_id: '7' }],
    ['eval_scores[0].name is required', { eval_scores: [{ score: 1 }] }],
    ['eval_scores[0].score must be a number', { eval_scores: [{ name: 'x', score: '1' }] }],
    ['eval_scores[0].passed must be true or false', { eval_scores: [{ name: 'x', passed: 'yes' }] }],
  ])('is refused: %s', (message, members) => {
    const body = { agent_name: 'helper', ...members }
    expect(() => parse(body)).toThrow(message)
    expect(() => parse(body)).toThrow(TraceError)
  })

  it.each([
    [null, 'body'],
    [[], 'body'],
    ['text', 'body'],
    [{ agent_name: 7 }, 'agent_name'],
    [{ agent_name: 'a', spans: {} }, 'spans'],
    [{ agent_name: 'a', llm_calls: ['x'] }, 'llm_calls.0'],
    [{ agent_name: 'a', active_skills: [{ hash: 'x' }] }, 'active_skills.0'],
    [{ agent_name: 'a', turn_index: 1.5 }, 'turn_index'],
  ])('of the wrong shape says where: %j', (body, where) => {
    const error = (() => {
      try {
        return parse(body)
      } catch (thrown) {
        return thrown as TraceError
      }
    })() as TraceError
    expect(error.issues?.[0]?.loc.slice(1).join('.') || 'body').toBe(where)
  })

  it('needs a manifest where the workspace wants one', () => {
    expect(() => parseTrace({ agent_name: 'a' }, { ...context, requireManifest: true })).toThrow(
      'manifest_id is required',
    )
  })

  it('drops what it does not know, takes null for absent, and cuts previews on a character', () => {
    const trace = parse({
      agent_name: 'a',
      session_id: null,
      surprise: { deep: 1 },
      user_input: `${'x'.repeat(1_999)}👍`,
      final_output: 'y'.repeat(3_000),
      llm_calls: [
        {
          model_name: 'gpt-4o',
          rendered_input: [{ role: 'user', content: 'secret' }],
          output: { content: 'secret' },
          tool_calls: [
            { tool_name: 'search', args: { q: 'secret' } },
            { function: { name: 'f', arguments: '{}' } },
          ],
        },
      ],
    })
    expect(trace.document).toEqual({
      agent_name: 'a',
      user_input_preview: 'x'.repeat(1_999),
      final_output_preview: 'y'.repeat(2_000),
      spans: [],
      llm_calls: [{ model_name: 'gpt-4o', tool_calls: [{ tool_name: 'search' }, { name: 'f' }] }],
    })
  })

  it('reads a time without a zone as UTC, and counts under the day it ended', () => {
    const trace = parse({
      agent_name: 'a',
      started_at: '2026-05-30T23:59:59',
      ended_at: '2026-05-31 00:00:01.5',
    })
    expect(trace).toMatchObject({ day: '2026-05-31', latencyMs: 2_500 })
    expect(parse({ agent_name: 'a', started_at: '2026-05-31T00:30:00+02:00' }).day).toBe('2026-05-30')
    expect(parse({ agent_name: 'a', ended_at: '2026-06-02T11:59:59Z' }).day).toBe('2026-06-02')
  })

  it('reads scores, the last of a name, with a threshold of one half where nothing is said', () => {
    const scores = parse({
      agent_name: 'a',
      eval_scores: [
        { name: 'tone', score: 0.9 },
        { name: 'tone', score: 0.49, reason: 'rude', category: 'quality' },
        { name: 'facts', score: 0.1, passed: true },
        { name: 'length' },
      ],
    }).scores
    expect(scores.map(({ name, verdict, score, reason }) => [name, verdict, score, reason])).toEqual([
      ['tone', 'fail', 0.49, 'rude'],
      ['facts', 'pass', 0.1, null],
      ['length', null, null, null],
    ])
    expect(scores[0]?.detail).toEqual({ category: 'quality' })
  })

  it('joins by every routing id it names, once', () => {
    const trace = parse({
      agent_name: 'a',
      routing_id: 'rt_1',
      routing_ids: ['rt_2', 'rt_1'],
      skills_delivered_versions: [{ name: 'pdf', hash: 'aa', routing_id: 'rt_3' }, { name: 'xls' }],
    })
    expect(trace.routingIds).toEqual(['rt_1', 'rt_2', 'rt_3'])
  })
})

describe('the skills of a trace', () => {
  const skillsOf = (members: object) => parse({ agent_name: 'a', ...members }).skills
  const brief = (members: object) =>
    skillsOf(members).map(({ name, isActivated, isDelivered, evidence }) => [
      name,
      isActivated,
      isDelivered,
      evidence,
    ])

  it('are activated when logged, loaded or named by a span, and only delivered when no more was said', () => {
    expect(
      brief({
        active_skills: ['logged', { name: 'both', hash: 'aa' }, { name: 'native', grade: 'native' }],
        skills_loaded_by_agent: ['both', 'loaded'],
        skills_delivered: ['shown'],
        skills_offered_in_prompt: ['visible'],
        spans: [{ ...span, attributes: { 'decimal.active_skills': ['by-span', { name: 'by-object' }] } }],
      }),
    ).toEqual([
      ['logged', true, false, 'logged'],
      ['both', true, true, 'loaded'],
      ['native', true, false, 'native'],
      ['by-span', true, false, 'logged'],
      ['by-object', true, false, 'logged'],
      ['loaded', true, true, 'loaded'],
      ['shown', false, true, 'delivered'],
    ])
  })

  it('are found by adapters that leave active_skills empty, in both generations', () => {
    expect(brief({ active_skills: [], skills_loaded_by_agent: ['pdf'] })).toEqual([
      ['pdf', true, true, 'loaded'],
    ])
    expect(
      brief({ skills_loaded_by_agent: ['pdf'], skills_delivered_versions: [{ name: 'pdf', hash: 'AA' }] }),
    ).toEqual([['pdf', true, true, 'loaded']])
  })

  it('may be named with commas in an attribute, and blank names are nobody', () => {
    expect(
      brief({ spans: [{ ...span, attributes: { active_skills: 'a, owner/b,,' } }] }).map(([name]) => name),
    ).toEqual(['a', 'owner/b'])
  })

  it('have the version witnessed, bare and lower case, and none when two are', () => {
    const hashes = skillsOf({
      active_skills: [{ name: 'one', hash: 'sha256:AB' }, { name: 'two', hash: 'aa' }, 'none'],
      skills_delivered_versions: [
        { name: 'one', hash: 'ab' },
        { name: 'two', hash: 'bb' },
      ],
    }).map(({ name, hash, isAmbiguous }) => [name, hash, isAmbiguous])
    expect(hashes).toEqual([
      ['one', 'ab', false],
      ['two', '', true],
      ['none', '', false],
    ])
  })

  it('are credited to the model that loaded them, else that with most output, else the last', () => {
    const load = (args: unknown) => [{ tool_name: 'load_skill', args }]
    const calls = [
      { model_name: 'openai/gpt-4o-2024-08-06', output_tokens: 5, tool_calls: load({ name: 'pdf' }) },
      { model_name: 'claude-3-5-sonnet-20241022', output_tokens: 50 },
      {
        model_name: 'small',
        tool_calls: [{ function: { name: 'load_skill', arguments: '{"name":"xls"}' } }, ...load('{broken')],
      },
    ]
    const models = skillsOf({ skills_loaded_by_agent: ['pdf', 'xls', 'doc'], llm_calls: calls })
    expect(models.map(({ name, modelName, modelFamily }) => [name, modelName, modelFamily])).toEqual([
      ['pdf', 'openai/gpt-4o-2024-08-06', 'gpt-4o'],
      ['xls', 'small', 'small'],
      ['doc', 'claude-3-5-sonnet-20241022', 'claude-3-5-sonnet'],
    ])
    const silent = [{ model_name: 'first' }, { model_name: 'last' }]
    expect(skillsOf({ active_skills: ['pdf'], llm_calls: silent })[0]?.modelName).toBe('last')
    expect(skillsOf({ active_skills: ['pdf'] })[0]?.modelName).toBe('')
  })
})
