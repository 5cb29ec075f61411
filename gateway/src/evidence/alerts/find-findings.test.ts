import { describe, expect, it } from 'vitest'
import type { RollupRow } from '../analytics/rollup-store.ts'
import { tallyOf } from '../analytics/tally.ts'
import { findFindings, type WatchedCounts } from './find-findings.ts'

const row = (skillName: string, members: Partial<RollupRow>): RollupRow => ({
  ...tallyOf([]),
  day: '',
  skillName,
  skillId: '',
  contentHash: '',
  agentName: '',
  modelName: '',
  modelFamily: '',
  ...members,
})
const quiet: WatchedCounts = {
  rows: [],
  before: [],
  versions: new Map(),
  decisions: { total: 0, byReason: {} },
}
const found = (counts: Partial<WatchedCounts>) =>
  findFindings({ ...quiet, ...counts }).map(({ kind, subject }) => `${kind} ${subject}`)

describe('what deserves an alert', () => {
  it('is nothing where nothing is known', () => {
    expect(findFindings(quiet)).toEqual([])
  })

  it('is a skill that passes less often than it did', () => {
    const rows = [row('worse', { passes: 30, fails: 30 }), row('same', { passes: 42, fails: 18 })]
    const before = [row('worse', { passes: 45, fails: 15 }), row('same', { passes: 42, fails: 18 })]
    expect(found({ rows, before })).toEqual(['skill_degrading worse'])
    expect(findFindings({ ...quiet, rows, before })[0]?.evidence).toMatchObject({ n1: 60, p1: 0.75, p2: 0.5 })
  })

  it('is not one weak result among many skills that were tested', () => {
    const weak = {
      rows: row('weak', { passes: 33, fails: 27 }),
      before: row('weak', { passes: 42, fails: 18 }),
    }
    const others = Array.from({ length: 30 }, (_, n) => row(`same-${n}`, { passes: 42, fails: 18 }))
    expect(found({ rows: [weak.rows], before: [weak.before] })).toEqual(['skill_degrading weak'])
    expect(found({ rows: [weak.rows, ...others], before: [weak.before, ...others] })).toEqual([])
  })

  it('is a newest version that does worse than the one before it', () => {
    const rows = [
      row('pdf', { contentHash: 'new', passes: 30, fails: 30 }),
      row('pdf', { contentHash: 'old', passes: 45, fails: 15 }),
      row('pdf', { contentHash: 'older', passes: 10, fails: 50 }),
      row('pdf', { passes: 3, fails: 3 }),
    ]
    const versions = new Map([['pdf', ['never-used', 'new', 'old', 'older']]])
    expect(found({ rows, versions })).toEqual(['version_regressed pdf'])
    expect(found({ rows, versions: new Map([['pdf', ['old', 'new']]]) })).toEqual([])
    expect(found({ rows, versions: new Map([['pdf', ['new']]]) })).toEqual([])
  })

  it('is a skill that hints name and models pass over', () => {
    const rows = [
      row('ignored', { closed: 40, closedHinted: 30, hintedActivated: 6, offersActivated: 6 }),
      row('used', { closed: 40, closedHinted: 30, hintedActivated: 20, offersActivated: 25 }),
      row('new', { closed: 10, closedHinted: 10 }),
    ]
    expect(found({ rows })).toEqual(['discoverability_gap ignored'])
  })

  it('is a router that answers more than one in twenty with less than everything', () => {
    const of = (total: number, degraded: number) => found({ decisions: { total, byReason: { x: degraded } } })
    expect(of(100, 6)).toEqual(['router_degraded router'])
    expect(of(100, 5)).toEqual([])
    expect(of(19, 19)).toEqual([])
  })
})
