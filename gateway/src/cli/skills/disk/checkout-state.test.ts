import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { extendLock, type LockEntry, readInstall, readLock } from './checkout-state.ts'

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'checkout-'))
})
afterEach(() => {
  rmSync(directory, { recursive: true, force: true })
})

const entry = (version: number): LockEntry => ({
  version,
  content_hash: 'a'.repeat(64),
  body_hash: 'b'.repeat(64),
  source: 'http://gateway',
  skill_id: 'id',
  installed_at: '2026-01-01T00:00:00.000Z',
  agents: ['universal'],
  scope: 'project',
})

it('an install keeps its id, is kept out of version control and names no machine', async () => {
  const first = await readInstall(directory)
  expect(await readInstall(directory)).toEqual(first)
  expect(readFileSync(join(directory, '.routeiq/.gitignore'), 'utf8').split('\n')).toEqual([
    '*',
    '!.gitignore',
    '!skills.lock',
    '',
  ])
  expect(readFileSync(join(directory, '.routeiq/install.json'), 'utf8')).not.toContain(hostname())
})

it('an install and a lock of an earlier tool are taken over', async () => {
  mkdirSync(join(directory, '.decimal'))
  writeFileSync(
    join(directory, '.decimal/install.json'),
    '{"install_id": "older", "created_at": "2025-01-01"}',
  )
  writeFileSync(
    join(directory, '.decimal/skills.lock'),
    JSON.stringify({ version: 1, skills: { a: entry(1) } }),
  )
  expect((await readInstall(directory)).install_id).toBe('older')
  await extendLock(directory, { b: entry(2) })
  expect(Object.keys(readLock(directory)?.skills ?? {})).toEqual(['a', 'b'])
})

it('a lock grows by what is exported and keeps its order', async () => {
  expect(readLock(directory)).toBeNull()
  await extendLock(directory, { zebra: entry(1) })
  await extendLock(directory, { apple: entry(1), zebra: entry(2) })
  const lock = readLock(directory)
  expect(Object.keys(lock?.skills ?? {})).toEqual(['apple', 'zebra'])
  expect(lock?.skills['zebra']?.version).toBe(2)
})

it.each(['{', '[]', '{"version": 2, "skills": {}}', '{"version": 1}'])(
  'a lock that reads %s counts as none',
  (text) => {
    mkdirSync(join(directory, '.routeiq'))
    writeFileSync(join(directory, '.routeiq/skills.lock'), text)
    expect(readLock(directory)).toBeNull()
  },
)
