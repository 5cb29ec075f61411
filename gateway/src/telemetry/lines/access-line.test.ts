import { describe, expect, it } from 'vitest'
import { createRedactor } from '../redact.ts'
import { makeRequestRecord } from '../request-record.fixture.ts'
import { formatAccessLine, formatAccessText } from './access-line.ts'
import { LabelQuoter } from './label-quoter.ts'

const quoter = new LabelQuoter(createRedactor())

describe('formatAccessLine', () => {
  it('says what happened', () => {
    expect(JSON.parse(formatAccessLine(makeRequestRecord(), quoter))).toEqual({
      attempts: 1,
      cache_hit: false,
      completion_tokens: 50,
      cost_usd: 0.002,
      deployment_id: 'd1',
      duration_ms: 800,
      event: 'access',
      fallbacks: 0,
      key_alias: 'prod',
      level: 'info',
      logger: 'routeiq.access',
      method: 'POST',
      model: 'fast',
      model_group: 'fast',
      prompt_tokens: 120,
      provider: 'openai',
      request_id: 'req-1',
      status: 200,
      stream: true,
      team_id: 'red',
      template: '/v1/chat/completions',
      timestamp: '2023-11-14T22:13:20.800Z',
      ttft_ms: 300,
      upstream_ms: 790,
    })
  })

  it('keeps its keys sorted whatever is present', () => {
    const failed = makeRequestRecord({
      status: 499,
      clientDisconnected: true,
      errorCode: 'timeout',
      errorOrigin: 'upstream',
      traceId: 'a'.repeat(32),
    })
    const refused = makeRequestRecord({
      target: null,
      group: null,
      usage: null,
      costPico: null,
      firstByteAt: null,
      upstreamMs: null,
      requestedModel: null,
      caller: {
        kind: 'anonymous',
        keyHash: null,
        keyAlias: null,
        userId: null,
        teamId: null,
        organizationId: null,
      },
    })
    for (const record of [makeRequestRecord(), failed, refused]) {
      const keys = Object.keys(JSON.parse(formatAccessLine(record, quoter)))
      expect(keys).toEqual([...keys].sort())
    }
  })

  it('cannot be broken by what callers write', () => {
    const hostile = 'x"\\\n\r\u2028{"event":"forged"}\u0000\u0085'
    const line = formatAccessLine(
      makeRequestRecord({ requestId: hostile, requestedModel: hostile, traceId: hostile }),
      quoter,
    )
    expect(line).not.toMatch(/[\p{Cc}\u2028\u2029]/u)
    expect(JSON.parse(line)).toMatchObject({
      event: 'access',
      model: hostile,
      request_id: hostile,
      trace_id: hostile,
    })
  })

  it('cuts a name of absurd length', () => {
    const line = formatAccessLine(makeRequestRecord({ requestedModel: 'm'.repeat(1_000_000) }), quoter)
    expect(JSON.parse(line).model).toHaveLength(256)
  })
})

describe('formatAccessText', () => {
  it('is one line for people', () => {
    const text = formatAccessText(makeRequestRecord({ requestedModel: 'a\nb', errorCode: 'timeout' }))
    expect(text).toBe(
      '22:13:20.800 INFO  POST /v1/chat/completions 200 800ms model=a\\u000ab provider=openai key=prod error=timeout request=req-1',
    )
  })
})
