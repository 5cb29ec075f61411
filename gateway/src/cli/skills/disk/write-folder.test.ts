import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { folderNameOf, writeSkillFolder } from './write-folder.ts'

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'write-folder-'))
})
afterEach(() => {
  rmSync(root, { recursive: true, force: true })
})

const write = (files: { path: string; content: string }[], force = false) =>
  writeSkillFolder(root, 'refunds', files, { force })
const skillMd = { path: 'SKILL.md', content: '# Refunds\n' }
const everything = () => readdirSync(root, { recursive: true, encoding: 'utf8' }).sort()

it('writes a folder, and nothing the second time', async () => {
  const script = { path: 'scripts/check.py', content: 'print(1)\n' }
  expect(await write([skillMd, script])).toHaveLength(2)
  expect(readFileSync(join(root, 'refunds/scripts/check.py'), 'utf8')).toBe('print(1)\n')
  expect(await write([skillMd, script])).toEqual([])
  expect(everything()).toEqual(['refunds', 'refunds/SKILL.md', 'refunds/scripts', 'refunds/scripts/check.py'])
})

describe('a path that a server made up', () => {
  it.each([
    '../outside.md',
    'scripts/../../outside.md',
    '/etc/outside.md',
    'C:\\outside.md',
    'scripts\\outside.md',
    './SKILL.md',
    'scripts//a.py',
    'a\0b',
    '',
    '.',
    '..',
  ])('%j is refused before anything is written', async (path) => {
    await expect(write([skillMd, { path, content: 'x' }])).rejects.toThrow('nothing was written')
    expect(everything()).toEqual([])
  })

  it('that is another one but for its case is refused', async () => {
    await expect(write([skillMd, { path: 'skill.MD', content: 'x' }])).rejects.toThrow('twice')
  })
})

describe('what is there already', () => {
  it('is replaced only when told to, and then nothing else of it is lost', async () => {
    await write([skillMd])
    writeFileSync(join(root, 'refunds/notes.md'), 'mine')
    await expect(write([{ path: 'SKILL.md', content: '# New\n' }])).rejects.toThrow('--force')
    expect(readFileSync(join(root, 'refunds/SKILL.md'), 'utf8')).toBe('# Refunds\n')
    await write([{ path: 'SKILL.md', content: '# New\n' }], true)
    expect(readFileSync(join(root, 'refunds/SKILL.md'), 'utf8')).toBe('# New\n')
    expect(readFileSync(join(root, 'refunds/notes.md'), 'utf8')).toBe('mine')
  })

  it('is left whole when one file of several differs', async () => {
    await write([skillMd])
    const files = [
      { path: 'scripts/new.py', content: 'x' },
      { path: 'SKILL.md', content: '# New\n' },
    ]
    await expect(write(files)).rejects.toThrow('differs')
    expect(everything()).toEqual(['refunds', 'refunds/SKILL.md'])
  })

  it.each(['refunds', 'refunds/scripts', 'refunds/SKILL.md'])(
    'a link at %s is not followed, even by force',
    async (link) => {
      const elsewhere = mkdtempSync(join(tmpdir(), 'elsewhere-'))
      if (link !== 'refunds') mkdirSync(join(root, 'refunds'))
      symlinkSync(link.endsWith('.md') ? join(elsewhere, 'target.md') : elsewhere, join(root, link))
      const files = [skillMd, { path: 'scripts/a.py', content: 'x' }]
      await expect(write(files, true)).rejects.toThrow('symbolic link')
      expect(readdirSync(elsewhere)).toEqual([])
      rmSync(elsewhere, { recursive: true })
    },
  )

  it('a file where a folder has to be is said', async () => {
    mkdirSync(join(root, 'refunds'))
    writeFileSync(join(root, 'refunds/scripts'), '')
    await expect(write([{ path: 'scripts/a.py', content: 'x' }])).rejects.toThrow('is a file')
  })
})

describe('the folder of a skill', () => {
  it('is its slug, else its name', () => {
    expect(folderNameOf({ name: 'acme/refunds', slug: 'acme-refunds' })).toBe('acme-refunds')
    expect(folderNameOf({ name: 'refunds' })).toBe('refunds')
  })

  it.each(['..', '.', 'a/b', '/etc', 'A', 'a b', '', 'con\n', '-x', null, 7])('is never %j', (name) => {
    expect(() => folderNameOf({ name })).toThrow('nothing was written')
  })
})
