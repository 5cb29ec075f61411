import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { writeZip } from './write-zip.ts'

const files = [
  { path: 'refunds/scripts/größe.py', content: Buffer.from('print(1)\n'), isExecutable: false },
  { path: 'refunds/SKILL.md', content: Buffer.from('# Refunds\n'.repeat(1000)), isExecutable: false },
  { path: 'refunds/assets/empty', content: Buffer.alloc(0), isExecutable: false },
]

it('has the same bytes whatever the order of the files', () => {
  expect(writeZip(files).equals(writeZip([...files].reverse()))).toBe(true)
})

it('is read by another program', () => {
  const directory = mkdtempSync(join(tmpdir(), 'zip-'))
  writeFileSync(join(directory, 'a.zip'), writeZip(files))
  const script =
    'import sys, zipfile; archive = zipfile.ZipFile(sys.argv[1]); assert archive.testzip() is None; archive.extractall(sys.argv[2])'
  execFileSync('python3', ['-c', script, join(directory, 'a.zip'), directory])
  for (const { path, content } of files)
    expect(readFileSync(join(directory, path)).equals(content)).toBe(true)
  rmSync(directory, { recursive: true })
})
