import { describe, expect, it } from 'vitest'
import type { AuditEvent, AuditRecord } from './audit-record.ts'
import { type AuditFailMode, AuditTrail } from './audit-trail.ts'

const event: AuditEvent = {
  ...{ requestId: 'r', actor: { type: 'api_key', id: 'k', userId: 'ada' } },
  ...{ action: 'management.team.create', resourceType: 'team', resourceId: 't', outcome: 'success' },
}

function trailOver({
  changes = 'open',
  calls = 'open',
}: {
  changes?: AuditFailMode
  calls?: AuditFailMode
} = {}) {
  const written: AuditRecord[] = []
  const mirrored: AuditRecord[] = []
  const state = { isAway: false, dropped: 0, failed: 0 }
  let ids = 0
  const trail = new AuditTrail({
    store: {
      append: async (records) => {
        if (state.isAway) throw new Error('away')
        written.push(...records)
      },
      probe: async () => {
        if (state.isAway) throw new Error('away')
      },
    },
    failMode: { changes, calls },
    redact: (text) => text.replaceAll('sk-secret', '[redacted]'),
    mirror: (record) => mirrored.push(record),
    onWriteFailed: () => state.failed++,
    onDropped: () => state.dropped++,
    newId: () => `id-${++ids}`,
    now: () => 5,
  })
  return { trail, state, written, mirrored }
}

describe('AuditTrail', () => {
  it('writes and mirrors one record for an event, with its id and time, and whose key it was', async () => {
    const { trail, written, mirrored } = trailOver()
    trail.record(event)
    expect(written).toEqual([])
    await trail.flush()
    expect(written).toEqual([
      {
        ...{ id: 'id-1', timestamp: 5, requestId: 'r', actorType: 'api_key', actorId: 'k' },
        ...{ action: 'management.team.create', resourceType: 'team', resourceId: 't' },
        ...{ outcome: 'success', outcomeReason: null, metadata: { user_id: 'ada' } },
      },
    ])
    expect(mirrored).toEqual(written)
  })

  it('keeps no secret, nothing endless, and nothing a database refuses', async () => {
    const { trail, written } = trailOver()
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`m${index}`, index]))
    const text = `a sk-secret \0 \ud800 ${'x'.repeat(1_000)}`
    trail.record({ ...event, resourceId: text, outcomeReason: 'sk-secret', metadata: many })
    await trail.flush()
    const [record] = written
    expect(record?.resourceId).toHaveLength(512)
    expect(record?.resourceId?.startsWith('a [redacted]  \ufffd xxx')).toBe(true)
    expect(record?.outcomeReason).toBe('[redacted]')
    expect(Object.keys(record?.metadata ?? {})).toHaveLength(32)
  })

  it('tries again when a write has failed, and lets everything pass meanwhile where it is open', async () => {
    const { trail, state, written } = trailOver()
    state.isAway = true
    trail.record(event)
    await trail.flush()
    expect(state.failed).toBe(1)
    await expect(trail.admitChange()).resolves.toBeUndefined()
    expect(() => trail.admitCall()).not.toThrow()
    state.isAway = false
    await trail.close()
    expect(written).toHaveLength(1)
  })

  it('lets no change pass that it could not record where it is closed', async () => {
    const { trail, state } = trailOver({ changes: 'closed' })
    await trail.admitChange()
    state.isAway = true
    await expect(trail.admitChange()).rejects.toMatchObject({ code: 'audit_log_unavailable' })
    state.isAway = false
    await expect(trail.admitChange()).resolves.toBeUndefined()
  })

  it('lets no call pass after a failed write where that is asked for, until one has worked', async () => {
    const { trail, state } = trailOver({ calls: 'closed' })
    state.isAway = true
    expect(() => trail.admitCall()).not.toThrow()
    trail.record(event)
    await trail.flush()
    expect(() => trail.admitCall()).toThrow(/audit log cannot be written/)
    state.isAway = false
    await trail.flush()
    expect(() => trail.admitCall()).not.toThrow()
  })

  it('counts what it has no room for, and does nothing where it is off', async () => {
    const { trail, state } = trailOver()
    state.isAway = true
    for (let index = 0; index < 16_385; index++) trail.record(event)
    expect(state.dropped).toBe(1)
    await trail.close()
    const mirrored: AuditRecord[] = []
    const off = new AuditTrail({
      ...{ store: null, failMode: { changes: 'closed', calls: 'closed' }, redact: (text) => text },
      ...{ onWriteFailed: () => {}, onDropped: () => {}, newId: () => '', now: () => 0 },
      mirror: (record) => mirrored.push(record),
    })
    off.record(event)
    await off.admitChange()
    off.admitCall()
    expect(mirrored).toEqual([])
  })
})
