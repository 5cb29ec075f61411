import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hostilePaths, tarGz, zip } from '../../src/skills/archive/archives.fixture.ts'
import { call } from '../harness/call-gateway.ts'
import { type ProductDatabase, startGatewayOver } from '../harness/databases.ts'
import type { Gateway } from '../harness/start-gateway.ts'

const own = { path: 'evil/SKILL.md', content: '---\nname: evil\ndescription: Does harm.\n---\n\nHarm.\n' }
const archives = { zip, tar: tarGz }
const types = { zip: 'application/zip', tar: 'application/gzip' }
let gateway: Gateway
let key: string

const send = (path: string, contentType: string, body: Buffer) =>
  call(gateway.url, path, { key, body, headers: { 'content-type': contentType } })

/** Refused wherever a skill may be uploaded, with the path and rule that are wrong. */
async function expectRefused(contentType: string, body: Buffer, what: string): Promise<void> {
  const created = await send('/v1/skills', contentType, body)
  expect([created.status, created.json().error.details.errors[0]], what).toEqual([
    400,
    { path: expect.any(String), rule: expect.any(String), message: expect.any(String) },
  ])
  const validated = await send('/api/v1/skills/validate', contentType, body)
  expect([validated.status, validated.json().valid], what).toEqual([200, false])
}

function form(path: string): Buffer {
  const part = (name: string, content: string): string =>
    `--limit\r\ncontent-disposition: form-data; name="files[]"; filename="${name}"\r\n\r\n${content}\r\n`
  return Buffer.from(`${part(own.path, own.content)}${part(path, 'x')}--limit--\r\n`)
}

/** What an archive may not hold is refused, and nothing of it is kept. */
export function describeHostileUploads(database: ProductDatabase): void {
  beforeAll(async () => {
    gateway = await startGatewayOver(database, { config: {} })
    key = (await gateway.createKey()).key
  })
  afterAll(() => gateway?.stop())

  describe.each(['zip', 'tar'] as const)('a %s', (kind) => {
    const type = types[kind]
    // The head of a tar ends a name at NUL and at 100 bytes.
    const paths = hostilePaths.filter((path) => kind === 'zip' || (!path.includes('\0') && path.length < 90))

    it.each(paths)('with the path %j is refused', async (path) => {
      await expectRefused(
        type,
        archives[kind]([own, { path: path.startsWith('/') ? path : `evil/${path}` }]),
        path,
      )
    })

    it.each([
      ['one path twice', [{ path: 'evil/a' }, { path: 'evil/a' }]],
      ['paths that differ in letter case', [{ path: 'evil/Read.md' }, { path: 'evil/read.md' }]],
      ['paths that differ in normal form', [{ path: 'evil/\u00e9' }, { path: 'evil/e\u0301' }]],
      ['more than 512 files', Array.from({ length: 512 }, (_, n) => ({ path: `evil/f${n}` }))],
      ['a bomb', [{ path: 'evil/bomb', content: Buffer.alloc(12_000_000) }]],
      ['a file above 16 MiB', [{ path: 'evil/large', content: Buffer.alloc(17_000_000, 'large enough ') }]],
    ])('with %s is refused', async (what, entries) => {
      await expectRefused(type, archives[kind]([own, ...entries]), what)
    })
  })

  it('links and devices are refused', async () => {
    const link = zip([own, { path: 'evil/link', content: '/etc/passwd', mode: 0o120777 }])
    await expectRefused(types.zip, link, 'a symbolic link in a zip')
    for (const type of ['1', '2', '3', '4', '6'])
      await expectRefused(types.tar, tarGz([own, { path: 'evil/link', type }]), `type ${type} of tar`)
  })

  it('what is encrypted, cut off or no archive at all is refused', async () => {
    await expectRefused(types.zip, zip([own, { path: 'evil/a', flags: 1 }]), 'encrypted')
    await expectRefused(types.zip, zip([own, { path: 'evil/a', claimedBytes: 3 }]), 'a false size')
    await expectRefused(types.zip, Buffer.from('no zip'), 'no zip')
    await expectRefused(types.tar, Buffer.from('no gzip'), 'no gzip')
    await expectRefused(types.tar, gzipSync('no tar'.repeat(200)), 'no tar')
    await expectRefused(types.tar, tarGz([own, { path: 'evil/a' }]).subarray(0, 150), 'cut off')
  })

  it.each(hostilePaths.filter((path) => !/[\n\0]/.test(path)))(
    'a form with the file name %j is refused',
    async (path) => {
      await expectRefused(
        'multipart/form-data; boundary=limit',
        form(path.startsWith('/') ? path : `evil/${path}`),
        path,
      )
    },
  )

  it('nothing of it was kept', async () => {
    expect((await call(gateway.url, '/v1/skills', { key })).json().data).toEqual([])
  })
}
