import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { digestContent } from '../tree-digest.ts'
import { readTarGz } from './read-tar.ts'
import { writeTarGz } from './write-tar-gz.ts'

const long = `${'directory/'.repeat(8)}${'x'.repeat(90)}.md`
const longest = `references/${'y'.repeat(240)}`
const files = [
  { path: 'SKILL.md', content: Buffer.from('# Refunds\n'.repeat(40_000)), isExecutable: false },
  { path: 'scripts/größe.py', content: Buffer.from('print(1)\n'), isExecutable: true },
  { path: 'assets/empty', content: Buffer.alloc(0), isExecutable: false },
  { path: long, content: Buffer.from('long'), isExecutable: false },
  { path: longest, content: Buffer.from('longest'), isExecutable: false },
]

it('is read back, sorted, with the executable bit', async () => {
  const back = readTarGz(await writeTarGz(files)).files
  const sorted = [files[0], files[2], files[3], files[4], files[1]]
  expect(back.map(({ path, content, isExecutable }) => [path, Buffer.from(content), isExecutable])).toEqual(
    sorted.map((file) => [file?.path, file?.content, file?.isExecutable]),
  )
})

it('has the same bytes for the same tree, for ever', async () => {
  const digest = digestContent(await writeTarGz(files))
  expect(digestContent(await writeTarGz([...files].reverse()))).toBe(digest)
  expect(digest).toBe('607c6e7eb862e87f173bca90d68843dbf106001428ff4966f9c29f588c27f279')
})

it('is read by another program', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'tar-'))
  writeFileSync(join(directory, 'a.tar.gz'), await writeTarGz(files))
  execFileSync('tar', ['-xzf', 'a.tar.gz'], { cwd: directory })
  for (const { path, content } of files)
    expect(readFileSync(join(directory, path)).equals(content)).toBe(true)
  const status = statSync(join(directory, 'scripts/größe.py'))
  expect([status.mode & 0o777, status.mtimeMs]).toEqual([0o755, 315_532_800_000])
  rmSync(directory, { recursive: true })
})
