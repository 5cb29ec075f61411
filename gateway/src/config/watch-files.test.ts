import { mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FileWatch, watchFiles } from './watch-files.ts'

let folder: string
let file: string
let calls: number
let watch: FileWatch | null

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'routeiq-watch-'))
  file = join(folder, 'config.yaml')
  writeFileSync(file, 'a: 1')
  calls = 0
  watch = null
})

afterEach(() => {
  watch?.close()
  rmSync(folder, { recursive: true, force: true })
})

function start(...files: string[]): void {
  watch = watchFiles(files, () => {
    calls += 1
  })
}

async function callsReach(expected: number): Promise<void> {
  for (let attempt = 0; attempt < 160 && calls < expected; attempt += 1) await sleep(50)
  expect(calls).toBe(expected)
}

/** Long enough for a change to be noticed if it were going to be. */
const settle = (): Promise<void> => sleep(700)

describe('watchFiles', () => {
  it('calls once for a burst of writes', async () => {
    start(file)
    for (const value of [2, 3, 4, 5]) writeFileSync(file, `a: ${value}`)
    await callsReach(1)
    await settle()
    expect(calls).toBe(1)
  })

  it('follows a file that is replaced by renaming, more than once', async () => {
    start(file)
    for (const round of [1, 2]) {
      writeFileSync(join(folder, 'new'), `a: new ${round}`)
      renameSync(join(folder, 'new'), file)
      await callsReach(round)
    }
  })

  it('says nothing when the content stays the same', async () => {
    start(file)
    writeFileSync(file, 'a: 1')
    utimesSync(file, 1, 1)
    await settle()
    expect(calls).toBe(0)
  })

  it('notices a file that goes and one that comes, also in a new folder', async () => {
    const later = join(folder, 'sub', 'later.yaml')
    start(file, later)
    rmSync(file)
    await callsReach(1)
    mkdirSync(join(folder, 'sub'))
    writeFileSync(later, 'b: 1')
    await callsReach(2)
  })

  it('ignores other files of the folder', async () => {
    start(file)
    writeFileSync(join(folder, 'other.yaml'), 'x')
    await settle()
    expect(calls).toBe(0)
  })

  it('follows another list of files', async () => {
    const other = join(folder, 'other.yaml')
    start(file)
    watch?.follow([other])
    writeFileSync(file, 'a: 2')
    await settle()
    expect(calls).toBe(0)
    writeFileSync(other, 'b: 1')
    await callsReach(1)
  })

  it('is silent once closed', async () => {
    start(file)
    writeFileSync(file, 'a: 2')
    watch?.close()
    await settle()
    expect(calls).toBe(0)
  })
})
