import { describe, expect, it } from 'vitest'
import { LogWriter } from './log-writer.ts'
import { Logger } from './logger.ts'
import { formatPrometheus } from './metrics/format-prometheus.ts'
import { createMetrics } from './metrics/metrics.ts'
import { createRedactor } from './redact.ts'
import { makeRequestRecord } from './request-record.fixture.ts'
import type { RequestRecord } from './request-record.ts'

const canary = 'canary/7f3a+91'
const spellings = [
  canary,
  encodeURIComponent(canary),
  Buffer.from(canary).toString('base64'),
  'sk-riq-canary7f3a91xyz',
]
const traces = [...spellings, 'canary7f3a91', Buffer.from(canary).toString('base64').slice(4, 14)]

/** A record that carries the text in every text member a caller or an operator can fill. */
function plant(text: string): RequestRecord {
  const target = {
    deploymentId: text,
    provider: text,
    upstreamModel: text,
    apiBase: `https://u:${text}@h/v1`,
  }
  return makeRequestRecord({
    requestId: text,
    callId: text,
    traceId: text,
    template: text,
    errorType: text,
    caller: { kind: 'key', keyHash: text, keyAlias: text, userId: text, teamId: text, organizationId: text },
    endUser: text,
    tags: [text],
    requestedModel: text,
    group: text,
    target,
    responseModel: text,
    strategy: text,
    status: 500,
    attempts: 2,
    fallbacks: 1,
    failedAttempts: [{ group: text, target, kind: 'timeout', status: 0, cooledDown: true }],
  })
}

function makeSinks(format: 'json' | 'text') {
  const redactor = createRedactor([canary])
  let log = ''
  const writer = new LogWriter({
    sink: { write: (_, done) => done(null), writeNow: (bytes) => (log += bytes.toString()) },
    redactor,
    defer: () => undefined,
  })
  const logger = new Logger({
    level: 'debug',
    format,
    routingDecisions: true,
    decisionLogger: 'd',
    writer,
    now: () => 0,
  })
  const metrics = createMetrics({
    redactText: redactor.redactText,
    litellm: { trackEndUsers: true },
    source: process,
    now: () => 0,
    countLosses: () => ({ records: 0, logLines: 0, spans: 0 }),
  })
  const read = (): string => {
    writer.flushNow()
    return log + formatPrometheus(metrics.snapshot())
  }
  return { logger, metrics, read }
}

describe.each(['json', 'text'] as const)('a secret in every text of a record, %s log', (format) => {
  it.each(spellings)('reaches no sink as %s', (text) => {
    const { logger, metrics, read } = makeSinks(format)
    logger.logRequest(plant(text))
    logger.logError({ error: new Error(`failed with ${text}`), requestId: text, traceId: text })
    logger.log('warn', 'note', { message: text, detail: `a${text}b`, nested: JSON.stringify({ text }) })
    metrics.observe(plant(text))
    metrics.active.enter({ name: text, inProgress: null })
    metrics.breakers.setState(`deployment:${text}`, 'open')
    const output = read()
    metrics.close()
    for (const trace of traces) expect(output).not.toContain(trace)
    expect(output).toContain('[REDACTED]')
    expect(output).toContain('gateway_circuit_breaker_state')
  })
})
