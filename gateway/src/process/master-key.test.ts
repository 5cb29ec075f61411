import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { keptMasterKey } from './master-key.ts'

let parent: string
let dataDir: string

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'master-key-'))
  dataDir = join(parent, 'deeper', 'data')
})
afterEach(() => {
  rmSync(parent, { recursive: true, force: true })
})

describe('keptMasterKey', () => {
  it('makes a key on first use that its owner alone can read', () => {
    const { key, isNew, file } = keptMasterKey(dataDir)
    expect(key).toMatch(/^sk-[\w-]{32}$/)
    expect([isNew, file]).toEqual([true, join(dataDir, 'master-key')])
    expect(readFileSync(file, 'utf8')).toBe(`${key}\n`)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(dataDir).mode & 0o777).toBe(0o700)
  })

  it('gives the same key ever after, and another one elsewhere', () => {
    const { key } = keptMasterKey(dataDir)
    expect(keptMasterKey(dataDir)).toMatchObject({ key, isNew: false })
    expect(keptMasterKey(join(parent, 'other')).key).not.toBe(key)
  })

  it('takes a key an operator wrote there', () => {
    const { file } = keptMasterKey(dataDir)
    writeFileSync(file, '  sk-operator-chosen-key \r\n')
    expect(keptMasterKey(dataDir).key).toBe('sk-operator-chosen-key')
  })

  it.each(['', '\n', 'sk-short', 'no-key-at-all-but-long', 'sk-two words 0123456789'])(
    'refuses the content %j',
    (content) => {
      const { file } = keptMasterKey(dataDir)
      writeFileSync(file, content)
      expect(() => keptMasterKey(dataDir)).toThrow(`${file} does not hold a master key; delete it`)
      expect(readFileSync(file, 'utf8')).toBe(content)
    },
  )

  it('says what is wrong with a directory it may not use', () => {
    writeFileSync(join(parent, 'file'), '')
    expect(() => keptMasterKey(join(parent, 'file'))).toThrow(join(parent, 'file'))
  })
})
