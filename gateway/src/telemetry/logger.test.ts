import { describe, expect, it } from 'vitest'
import type { LogLevel } from './lines/event-line.ts'
import { LogWriter } from './log-writer.ts'
import { Logger } from './logger.ts'
import { createRedactor } from './redact.ts'
import { makeRequestRecord } from './request-record.fixture.ts'

function makeLogger(
  options: { level?: LogLevel; format?: 'json' | 'text'; routingDecisions?: boolean } = {},
) {
  let text = ''
  const writer = new LogWriter({
    sink: { write: (_, done) => done(null), writeNow: (bytes) => (text += bytes.toString()) },
    redactor: createRedactor(['loaded-secret']),
    defer: () => undefined,
  })
  const logger = new Logger({
    decisionLogger: 'decisions',
    level: 'info',
    format: 'json',
    routingDecisions: true,
    writer,
    now: () => 0,
    ...options,
  })
  const readLines = (): string[] => {
    writer.flushNow()
    return text.trimEnd().split('\n')
  }
  return { logger, readLines }
}

describe('Logger', () => {
  it('writes what is at or above its level', () => {
    const { logger, readLines } = makeLogger({ level: 'warn' })
    logger.log('info', 'quiet')
    logger.logRequest(makeRequestRecord())
    logger.log('warn', 'loud')
    expect(readLines()).toEqual(['{"event":"loud","level":"warn","timestamp":"1970-01-01T00:00:00.000Z"}'])
  })

  it('writes an access line and a decision line', () => {
    const { logger, readLines } = makeLogger()
    logger.logRequest(makeRequestRecord())
    expect(readLines().map((line) => JSON.parse(line).event)).toEqual(['access', 'routing_decision'])
  })

  it('writes no decision line when it is off, or when nothing was decided', () => {
    const off = makeLogger({ routingDecisions: false })
    off.logger.logRequest(makeRequestRecord())
    expect(off.readLines()).toHaveLength(1)
    const refused = makeLogger()
    refused.logger.logRequest(makeRequestRecord({ target: null, status: 401 }))
    expect(refused.readLines()).toHaveLength(1)
  })

  it('describes errors without their stack and whatever was thrown', () => {
    const { logger, readLines } = makeLogger()
    logger.logError({ error: new TypeError('no loaded-secret here'), requestId: 'r1' })
    logger.logError({ error: Object.create(null) })
    expect(readLines().map((line) => JSON.parse(line))).toEqual([
      {
        error_message: 'no [REDACTED] here',
        error_type: 'TypeError',
        event: 'error',
        level: 'error',
        request_id: 'r1',
        timestamp: '1970-01-01T00:00:00.000Z',
        trace_id: null,
      },
      expect.objectContaining({ error_message: 'a thrown object', request_id: null }),
    ])
  })

  it('adds the stack at debug level', () => {
    const { logger, readLines } = makeLogger({ level: 'debug' })
    logger.logError({ error: new Error('x') })
    expect(JSON.parse(readLines()[0] ?? '').stack).toContain('logger.test')
  })

  it('never cuts a secret in half', () => {
    const { logger, readLines } = makeLogger()
    logger.logError({ error: new Error(`${'a '.repeat(1020)}sk-abcdefghijklmnop`) })
    expect(readLines()[0]).not.toContain('sk-a')
  })

  it('keeps each text line one line', () => {
    const { logger, readLines } = makeLogger({ format: 'text' })
    logger.logRequest(makeRequestRecord({ requestedModel: 'a\n22:00:00 INFO forged' }))
    logger.log('info', 'started', { message: 'listening\r\nforged', url: 'http://x' })
    expect(readLines()).toHaveLength(2)
  })
})
