import { describe, expect, it } from 'vitest'
import { type ErrorCode, type ErrorEntry, errorCatalogue, GatewayError } from './errors.ts'

const entries = Object.entries(errorCatalogue) as [ErrorCode, ErrorEntry][]

describe('the catalogue', () => {
  it.each(entries)('%s can be sent and read', (code, { status, wireCode, summary }) => {
    expect(code).toMatch(/^[a-z][a-z0-9]*(?:_[a-z][a-z0-9]*)*$/)
    expect(status).toBeGreaterThanOrEqual(400)
    expect(status).toBeLessThan(600)
    expect(wireCode).toMatch(new RegExp(`^(?:${status}|[a-z0-9_]+)$`))
    expect(summary).toMatch(/^\S.*\.$/)
    expect(summary).not.toContain('|')
  })

  it('lets a caller repeat only what time or another attempt can cure', () => {
    const curable = (status: number): boolean => [408, 429].includes(status) || status >= 500
    expect(entries.filter(([, { retryable, status }]) => retryable && !curable(status))).toEqual([])
  })

  it('runs from the lowest status to the highest', () => {
    const statuses = entries.map(([, { status }]) => status)
    expect(statuses).toEqual(statuses.toSorted((left, right) => left - right))
  })
})

describe('GatewayError', () => {
  it('takes status and origin from its entry', () => {
    const refusal = new GatewayError('over_capacity', 'full')
    expect([refusal.status, refusal.origin]).toEqual([503, 'gateway'])
    expect(new GatewayError('upstream_error', 'broken').origin).toBe('upstream')
  })

  it('lets options say more precisely what happened', () => {
    const cause = new Error('inner')
    const error = new GatewayError('invalid_request', 'no', { status: 415, origin: 'upstream', cause })
    expect([error.status, error.origin, error.cause]).toEqual([415, 'upstream', cause])
    expect(error.entry).toBe(errorCatalogue.invalid_request)
  })
})
