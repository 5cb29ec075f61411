import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AlreadyOwnedError, claimOwnership, isOwned } from './owner-claim.ts'

describe('claimOwnership', () => {
  let directory: string
  let path: string

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'routeiq-claim-'))
    path = join(directory, 'lock')
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  const deadPid = (): number => spawnSync(process.execPath, ['-e', '']).pid

  it('is exclusive until released, and leaves nothing behind', () => {
    const claim = claimOwnership(path)
    expect(isOwned(path)).toBe(true)
    expect(() => claimOwnership(path)).toThrow(AlreadyOwnedError)
    claim.release()
    expect(isOwned(path)).toBe(false)
    expect(readdirSync(directory)).toEqual([])
    claimOwnership(path).release()
  })

  it('takes over from a dead process', () => {
    writeFileSync(path, JSON.stringify({ pid: deadPid(), startTime: '1', host: hostname() }))
    expect(isOwned(path)).toBe(false)
    claimOwnership(path).release()
  })

  it('is not fooled by a process id that was given to another process', () => {
    writeFileSync(path, JSON.stringify({ pid: process.pid, startTime: '1', host: hostname() }))
    expect(isOwned(path)).toBe(false)
  })

  it('takes over from a damaged file', () => {
    writeFileSync(path, '{"pid":')
    claimOwnership(path).release()
  })

  it('believes an owner on another host while its file is fresh', () => {
    writeFileSync(path, JSON.stringify({ pid: 1, startTime: '1', host: 'elsewhere' }))
    expect(() => claimOwnership(path)).toThrow('is held by process 1')
    const longAgo = new Date(Date.now() - 60_000)
    utimesSync(path, longAgo, longAgo)
    const claim = claimOwnership(path)
    expect(JSON.parse(readFileSync(path, 'utf8')).pid).toBe(process.pid)
    claim.release()
  })

  it('does not release a claim that somebody else took over', () => {
    const claim = claimOwnership(path)
    const other = JSON.stringify({ pid: 1, startTime: '1', host: 'elsewhere' })
    writeFileSync(path, other)
    claim.release()
    expect(readFileSync(path, 'utf8')).toBe(other)
  })
})
