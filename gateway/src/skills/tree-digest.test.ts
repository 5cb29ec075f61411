import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { digestContent, digestTree, sortByPath } from './tree-digest.ts'

const entry = (path: string, text: string) => ({
  path,
  digest: digestContent(text),
  sizeBytes: Buffer.byteLength(text),
})

describe('digestTree', () => {
  it('is the digest of its lines, in the order of the paths', () => {
    const one = entry('SKILL.md', 'hi')
    const two = entry('scripts/a.py', 'é')
    const text = `SKILL.md\u00002\u0000${one.digest}\nscripts/a.py\u00002\u0000${two.digest}\n`
    const expected = createHash('sha256').update(text).digest('hex')
    expect(digestTree([two, one])).toBe(expected)
    expect(digestTree([one, two])).toBe(expected)
  })

  it('tells apart what differs in path, size or content', () => {
    const digests = [
      [entry('a', 'x')],
      [entry('b', 'x')],
      [entry('a', 'y')],
      [entry('a', 'x'), entry('b', 'x')],
      [],
    ].map(digestTree)
    expect(new Set(digests).size).toBe(5)
  })

  it('sorts by UTF-8 bytes', () => {
    // U+FF5E comes before U+1F600 in UTF-8 and behind it in UTF-16.
    const paths = sortByPath([{ path: '\u{1f600}' }, { path: '～' }, { path: 'a/b' }, { path: 'a-b' }])
    expect(paths.map(({ path }) => path)).toEqual(['a-b', 'a/b', '～', '\u{1f600}'])
  })
})
