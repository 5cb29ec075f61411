import { buildEffectivenessSnapshot } from '@routeiq/router'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { EffectivenessSource } from './effectiveness-source.ts'

const snapshotOf = (passes: number) =>
  buildEffectivenessSnapshot([{ skillId: 'a', modelFamily: '', ageDays: 0, passes, fails: 0, offers: 0 }])

describe('the source of effectiveness', () => {
  let loads: string[]
  let passes: number
  let failures: number
  let source: EffectivenessSource

  beforeEach(() => {
    vi.useFakeTimers()
    loads = []
    passes = 1
    failures = 0
    source = new EffectivenessSource({
      load: async (workspaceId) => {
        loads.push(workspaceId)
        if (passes < 0) throw new Error('no table')
        return snapshotOf(passes)
      },
      onLoadFailed: () => {
        failures += 1
      },
    })
  })
  afterEach(() => {
    source.close()
    vi.useRealTimers()
  })

  it('knows nothing at first and what was loaded a moment later', async () => {
    expect(source.snapshot('w').find('a', null)).toBeNull()
    await vi.advanceTimersByTimeAsync(0)
    expect(source.snapshot('w').find('a', null)).toMatchObject({ judged: 1 })
    expect(loads).toEqual(['w'])
  })

  it('loads the workspaces in use every minute', async () => {
    source.snapshot('v')
    source.snapshot('w')
    await vi.advanceTimersByTimeAsync(0)
    passes = 7
    await vi.advanceTimersByTimeAsync(60_000)
    expect(loads).toEqual(['v', 'w', 'v', 'w'])
    expect(source.snapshot('w').find('a', null)).toMatchObject({ judged: 7 })
  })

  it('keeps what it knew when the table cannot be read, and says so', async () => {
    source.snapshot('w')
    await vi.advanceTimersByTimeAsync(0)
    passes = -1
    await source.refresh()
    expect(failures).toBe(1)
    expect(source.isStale('w')).toBe(true)
    expect(source.snapshot('w').find('a', null)).toMatchObject({ judged: 1 })
    passes = 2
    await source.refresh()
    expect(source.isStale('w')).toBe(false)
  })

  it('stops when it is closed', async () => {
    source.snapshot('w')
    source.close()
    await vi.advanceTimersByTimeAsync(300_000)
    expect(loads).toEqual(['w'])
  })
})
