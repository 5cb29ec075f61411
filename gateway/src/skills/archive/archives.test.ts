import { describe, expect, it } from 'vitest'
import { digestContent } from '../tree-digest.ts'
import { ProblemList } from '../validate/problem.ts'
import { hostilePaths, type TarEntry, tarGz, type ZipEntry, zip } from './archives.fixture.ts'
import { FileTree, RefusedArchive, type TreeFile } from './file-tree.ts'
import { readTarGz } from './read-tar.ts'
import { readZip } from './read-zip.ts'
import { rootTree } from './root-tree.ts'
import { writeZip } from './write-zip.ts'

const skill = '---\nname: pdf\ndescription: Forms.\n---\n\nBody.\n'
const read = {
  zip: (entries: readonly ZipEntry[]) => readZip(zip(entries)),
  tar: (entries: readonly TarEntry[]) => readTarGz(tarGz(entries)),
}

function ruleOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof RefusedArchive) return error.rule
    throw error
  }
  return 'taken'
}

describe.each(['zip', 'tar'] as const)('%s', (kind) => {
  it('gives its files back', () => {
    const long = `pdf/${'long-directory-name/'.repeat(4)}file.md`
    const entries = [
      { path: 'pdf/SKILL.md', content: skill },
      { path: 'pdf/scripts/run.sh', content: 'echo ü', mode: kind === 'zip' ? 0o100755 : 0o755 },
      { path: long, content: '' },
      { path: '__MACOSX/pdf/._SKILL.md' },
      { path: 'pdf/.DS_Store' },
    ]
    const { files } = read[kind](entries)
    expect(
      files.map(({ path, content, isExecutable }) => [path, Buffer.from(content).toString(), isExecutable]),
    ).toEqual([
      ['pdf/SKILL.md', skill, false],
      ['pdf/scripts/run.sh', 'echo ü', true],
      [long, '', false],
    ])
  })

  it.each(hostilePaths)('refuses the path %j', (path) => {
    // A name of a tar field ends at NUL or after 100 bytes, so that those cannot be there.
    if (kind === 'tar' && (path.includes('\0') || path.length > 100)) return
    expect(ruleOf(() => read[kind]([{ path: 'SKILL.md' }, { path }]))).toBe('path')
  })

  it('refuses one path twice, in any spelling', () => {
    for (const twin of ['a/readme.md', 'a/README.md', 'A/Readme.md'])
      expect(ruleOf(() => read[kind]([{ path: 'a/readme.md' }, { path: twin }]))).toBe('duplicate')
    expect(ruleOf(() => read[kind]([{ path: 'e\u0301' }, { path: '\u00e9' }]))).toBe('duplicate')
  })

  it('refuses more files than a skill has', () => {
    const entries = Array.from({ length: 513 }, (_, n) => ({ path: `f${n}` }))
    expect(ruleOf(() => read[kind](entries))).toBe('file-count')
    expect(read[kind](entries.slice(1)).files).toHaveLength(512)
  })

  it('refuses a bomb while it unpacks', () => {
    const bomb = Buffer.alloc(20_000_000)
    expect(ruleOf(() => read[kind]([{ path: 'bomb', content: bomb }]))).toBe('ratio')
  })

  it('refuses what is damaged or something else', () => {
    const whole =
      kind === 'zip' ? zip([{ path: 'a', content: 'hello' }]) : tarGz([{ path: 'a', content: 'hello' }])
    const reader = kind === 'zip' ? readZip : readTarGz
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.from('hello'),
      whole.subarray(0, whole.length - 9),
      Buffer.alloc(600),
    ])
      expect(ruleOf(() => reader(bytes))).not.toBe('taken')
  })
})

describe('zip alone', () => {
  it.each([
    ['link', [{ path: 'l', mode: 0o120777, content: '/etc/passwd' }]],
    ['link', [{ path: 'd', mode: 0o060600 }]],
    ['encrypted', [{ path: 'e', flags: 1 }]],
    ['path', [{ path: 'a', localPath: 'b' }]],
    ['damaged', [{ path: 'a', claimedBytes: 3, content: 'hello' }]],
    ['method', [{ path: 'a', method: 12 }]],
    [
      'taken',
      [
        { path: 'dir/', content: '' },
        { path: 'a', method: 0 },
      ],
    ],
  ])('%s', (rule, entries) => {
    expect(ruleOf(() => readZip(zip(entries)))).toBe(rule)
  })

  it('refuses entries that share their bytes', () => {
    const bytes = zip([{ path: 'a' }, { path: 'a' }])
    const second = bytes.lastIndexOf('PK\x01\x02')
    bytes.writeUInt32LE(0, second + 42)
    bytes.write('a', second + 46)
    expect(['overlap', 'duplicate']).toContain(ruleOf(() => readZip(bytes)))
  })

  it('refuses more than all files may have, whatever the headers say', () => {
    const noise = Buffer.from(Array.from({ length: 11_000_000 }, (_, n) => (n * 2_654_435_761) >>> 24))
    const entries = ['a', 'b', 'c'].map((path) => ({ path, content: noise, method: 0 }))
    expect(ruleOf(() => readZip(zip(entries)))).toBe('size')
  })
})

describe('tar alone', () => {
  it.each([
    ['link', { path: 'hard', type: '1' }],
    ['link', { path: 'symbolic', type: '2' }],
    ['link', { path: 'device', type: '3' }],
    ['link', { path: 'pipe', type: '6' }],
    ['taken', { path: 'dir/', type: '5', content: '' }],
    ['path', { path: '../dir/', type: '5', content: '' }],
  ])('%s', (rule, entry) => {
    expect(ruleOf(() => readTarGz(tarGz([entry])))).toBe(rule)
  })

  it('takes long names of both kinds, and holds them to the rules', () => {
    const name = `${'x'.repeat(120)}/file`
    const record = `path=${name}\n`
    const pax = `${record.length + 4} ${record}`
    expect(pax.length).toBe(record.length + 4)
    const files = readTarGz(
      tarGz([
        { path: 'h', type: 'x', content: pax },
        { path: 'short', content: 'a' },
      ]),
    ).files
    expect(files.map(({ path }) => path)).toEqual([name])
    const gnu = tarGz([{ path: 'h', type: 'L', content: `${name}\0` }, { path: 'short' }])
    expect(readTarGz(gnu).files.map(({ path }) => path)).toEqual([name])
    const evil = tarGz([{ path: 'h', type: 'L', content: '../../evil\0' }, { path: 'short' }])
    expect(ruleOf(() => readTarGz(evil))).toBe('path')
  })
})

describe('rootTree', () => {
  const file = (path: string): TreeFile => ({ path, content: Buffer.from(path), isExecutable: false })
  const root = (paths: string[], isStrict = false) => {
    const problems = new ProblemList(isStrict)
    const tree = rootTree(paths.map(file), problems)
    return { directory: tree.directory, files: tree.files.map(({ path }) => path), problems }
  }

  it('takes a directory around everything, or none', () => {
    expect(root(['pdf/SKILL.md', 'pdf/a/b'])).toMatchObject({ directory: 'pdf', files: ['a/b'] })
    expect(root(['a/b', 'SKILL.md'])).toMatchObject({ directory: null, files: ['a/b'] })
  })

  it('takes skill.md with a warning, in strict mode with an error', () => {
    expect(root(['pdf/skill.md']).problems).toMatchObject({
      errors: [],
      warnings: [{ rule: 'skill-md-case' }],
    })
    expect(root(['pdf/skill.md'], true).problems).toMatchObject({ errors: [{ rule: 'skill-md-case' }] })
  })

  it.each([
    ['skill-md-missing', []],
    ['skill-md-missing', ['pdf/readme.md']],
    ['skill-md-missing', ['pdf/deep/SKILL.md']],
    ['layout', ['pdf/SKILL.md', 'other/a']],
    ['layout', ['readme.md', 'pdf/SKILL.md']],
  ])('%s', (rule, paths) => {
    expect(ruleOf(() => root(paths))).toBe(rule)
  })
})

describe('writeZip', () => {
  const files = [
    { path: 'pdf/scripts/run.sh', content: Buffer.from('echo hi\n'.repeat(100)), isExecutable: true },
    { path: 'pdf/SKILL.md', content: Buffer.from(skill), isExecutable: false },
    { path: 'pdf/ü', content: Buffer.alloc(0), isExecutable: false },
  ]

  it('is read back, sorted', () => {
    const back = readZip(writeZip(files)).files
    expect(back.map(({ path }) => path)).toEqual(['pdf/SKILL.md', 'pdf/scripts/run.sh', 'pdf/ü'])
    expect(back.map(({ isExecutable }) => isExecutable)).toEqual([false, true, false])
    expect(Buffer.from(back[1]?.content ?? []).toString()).toBe('echo hi\n'.repeat(100))
  })

  it('has the same bytes for the same tree, for ever', () => {
    const digest = digestContent(writeZip(files))
    expect(digestContent(writeZip([...files].reverse()))).toBe(digest)
    expect(digest).toBe('5f6fa14844f94d5859123805f8ca0bbf06da232396b94c8c54632fc26ce7bfb0')
  })
})

it('FileTree leaves room for what is allowed', () => {
  const tree = new FileTree()
  expect(tree.room).toBe(16_777_216)
  tree.add({ path: 'a', content: new Uint8Array(16_777_216), isExecutable: false })
  expect(tree.room).toBe(30_000_000 - 1 - 16_777_216)
})
