import { randomBytes } from 'node:crypto'
import { linkSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'

const heartbeatMs = 5_000
const staleAfterMs = 30_000

interface Owner {
  readonly pid: number
  /** Kernel start time of the process, so that a reused process id is not mistaken for the owner. */
  readonly startTime: string
  readonly host: string
}

export interface OwnerClaim {
  release(): void
}

/** Somebody else, still running, owns the file. */
export class AlreadyOwnedError extends Error {
  readonly path: string
  readonly pid: number | null

  constructor(path: string, pid: number | null) {
    super(`${path} is held by ${pid === null ? 'another process' : `process ${pid}`}`)
    this.name = 'AlreadyOwnedError'
    this.path = path
    this.pid = pid
  }
}

/**
 * Claims a path for this process with a small file naming it. A claim left behind by a dead process is taken
 * over. Owners on another host (a shared volume) are judged by the age of the file, which owners keep fresh.
 */
export function claimOwnership(path: string): OwnerClaim {
  const owner: Owner = { pid: process.pid, startTime: processStartTime(process.pid) ?? '', host: hostname() }
  const content = JSON.stringify(owner)
  for (let attempt = 0; attempt < 5; attempt++) {
    if (tryCreate(path, content)) return holdClaim(path, content)
    discardDeadClaim(path)
  }
  throw new AlreadyOwnedError(path, readOwner(path)?.pid ?? null)
}

/** Whether the claim at `path` belongs to a process that still runs. */
export function isOwned(path: string): boolean {
  const owner = readOwner(path)
  if (owner === null) return false
  if (owner.host !== hostname()) return ageMs(path) < staleAfterMs
  const startTime = processStartTime(owner.pid)
  return startTime !== null && startTime === owner.startTime
}

function holdClaim(path: string, content: string): OwnerClaim {
  const heartbeat = setInterval(() => touch(path), heartbeatMs)
  heartbeat.unref()
  return {
    release() {
      clearInterval(heartbeat)
      if (readText(path) === content) rmSync(path, { force: true })
    },
  }
}

/** Creates the file with its content in one step, so that nobody ever reads half a claim. */
function tryCreate(path: string, content: string): boolean {
  const draft = uniqueName(path)
  writeFileSync(draft, content, { mode: 0o600 })
  try {
    linkSync(draft, path)
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Two processes may find the same dead claim; whoever moves a living one away by mistake puts it back. */
function discardDeadClaim(path: string): void {
  const seen = readText(path)
  if (seen === null) return
  if (isOwned(path)) throw new AlreadyOwnedError(path, readOwner(path)?.pid ?? null)
  const moved = uniqueName(path)
  try {
    renameSync(path, moved)
    if (readText(moved) !== seen) linkSync(moved, path)
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' && errorCode(error) !== 'EEXIST') throw error
  } finally {
    rmSync(moved, { force: true })
  }
}

function readOwner(path: string): Owner | null {
  const text = readText(path)
  if (text === null) return null
  try {
    const { pid, startTime, host } = JSON.parse(text)
    return typeof pid === 'number' && typeof startTime === 'string' && typeof host === 'string'
      ? { pid, startTime, host }
      : null
  } catch {
    return null
  }
}

/** Null when no such process runs; empty where the kernel does not tell. */
function processStartTime(pid: number): string | null {
  const stat = readText(`/proc/${pid}/stat`)
  if (stat !== null) return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  try {
    process.kill(pid, 0)
    return ''
  } catch (error) {
    return errorCode(error) === 'EPERM' ? '' : null
  }
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

function ageMs(path: string): number {
  return Date.now() - statSync(path).mtimeMs
}

function touch(path: string): void {
  const now = new Date()
  try {
    utimesSync(path, now, now)
  } catch {
    // The volume went away or the claim was removed by hand: nothing a heartbeat could repair.
  }
}

const uniqueName = (path: string): string => `${path}.${randomBytes(6).toString('hex')}`

function errorCode(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
}
