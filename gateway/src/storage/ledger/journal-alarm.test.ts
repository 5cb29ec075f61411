import { describe, expect, it } from 'vitest'
import { AlarmThrottle, type JournalAlarm } from './journal-alarm.ts'

const lost = (rows: number): JournalAlarm => ({ kind: 'rows-lost', message: 'full', rows })

describe('AlarmThrottle', () => {
  it('speaks at once, then at most every ten seconds, and forgets no row', () => {
    const raised: JournalAlarm[] = []
    let clock = 0
    const alarms = new AlarmThrottle(
      (alarm) => raised.push(alarm),
      () => clock,
    )
    alarms.raise(lost(1))
    alarms.raise(lost(2))
    clock = 9_999
    alarms.raise(lost(3))
    expect(raised.map(({ rows }) => rows)).toEqual([1])
    clock = 10_000
    alarms.raise(lost(4))
    alarms.raise(lost(5))
    alarms.finish()
    expect(raised.map(({ rows }) => rows)).toEqual([1, 9, 5])
  })

  it('does not let one kind silence another', () => {
    const raised: string[] = []
    const alarms = new AlarmThrottle(
      ({ kind }) => raised.push(kind),
      () => 0,
    )
    alarms.raise(lost(1))
    alarms.raise({ kind: 'write-failed', message: 'disk', rows: 0 })
    expect(raised).toEqual(['rows-lost', 'write-failed'])
  })
})
