import { zipSync } from 'fflate'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { call } from '../harness/call-gateway.ts'
import { type ProductDatabase, startGatewayOver } from '../harness/databases.ts'
import type { Gateway } from '../harness/start-gateway.ts'

const skillMd = '---\nname: pdf\ndescription: Fill in forms.\n---\n\n# Forms\n\nHow to fill them in.\n'
const files = { 'pdf/SKILL.md': skillMd, 'pdf/scripts/fill.py': 'print("ü")\n' }

let gateway: Gateway
let key: string

const post = async (body: Buffer | string, contentType: string, path = '/api/v1/skills/validate') =>
  (await call(gateway.url, path, { key, body, headers: { 'content-type': contentType } })).json()

async function form(entries: Readonly<Record<string, string>>): Promise<[Buffer, string]> {
  const data = new FormData()
  for (const [path, text] of Object.entries(entries)) data.append('files[]', new Blob([text]), path)
  const encoded = new Response(data)
  return [Buffer.from(await encoded.arrayBuffer()), encoded.headers.get('content-type') ?? '']
}

const zip = (entries: Readonly<Record<string, string | Uint8Array>>): Buffer =>
  Buffer.from(
    zipSync(
      Object.fromEntries(Object.entries(entries).map(([path, data]) => [path, Buffer.from(data as string)])),
    ),
  )

/** One tree has one digest, whichever way it comes. */
export function describeUploads(database: ProductDatabase): void {
  beforeAll(async () => {
    gateway = await startGatewayOver(database, { config: {} })
    key = (await gateway.createKey({ organization_id: 'acme' })).key
  })
  afterAll(() => gateway?.stop())

  it('gives one tree one digest, whichever way it comes', async () => {
    const listed = Object.entries(files).map(([path, content]) => ({ path, content }))
    const answers = [
      await post(...(await form(files))),
      await post(zip(files), 'application/zip'),
      await post(JSON.stringify({ files: listed }), 'application/json'),
      await post(
        zip({ 'SKILL.md': skillMd, 'scripts/fill.py': files['pdf/scripts/fill.py'] }),
        'application/zip',
      ),
    ]
    const [first] = answers
    expect(first).toMatchObject({
      valid: true,
      errors: [],
      warnings: [],
      name: 'pdf',
      description: 'Fill in forms.',
      tree_digest: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    for (const answer of answers) expect(answer).toEqual(first)
  })

  it('says all that is wrong, and where', async () => {
    const bad = {
      'pdf/SKILL.md': skillMd
        .replace('name: pdf', 'name: PDF forms')
        .replace('\n---\n', '\nlicense: [x]\n---\n'),
    }
    expect(await post(...(await form(bad)))).toMatchObject({
      valid: false,
      name: null,
      tree_digest: null,
      errors: [
        { path: 'SKILL.md', line: 2, rule: 'name', message: expect.any(String) },
        { path: 'SKILL.md', line: 4, rule: 'license' },
      ],
    })
    const odd = { 'pdf/skill.md': skillMd.replace('license', 'x') }
    expect(await post(...(await form(odd)))).toMatchObject({
      valid: true,
      warnings: [{ rule: 'skill-md-case' }],
    })
    const strict = await post(...(await form(odd)), '/api/v1/skills/validate?mode=strict')
    expect(strict).toMatchObject({ valid: false, errors: [{ rule: 'skill-md-case' }] })
  })

  it.each([
    ['path', { 'pdf/SKILL.md': skillMd, '../evil': 'x' }],
    ['path', { 'pdf/SKILL.md': skillMd, 'pdf/../../evil': 'x' }],
    ['path', { 'pdf/SKILL.md': skillMd, 'C:/evil': 'x' }],
    ['duplicate', { 'pdf/SKILL.md': skillMd, 'pdf/a.md': 'x', 'pdf/A.md': 'y' }],
    ['ratio', { 'pdf/SKILL.md': skillMd, 'pdf/bomb': new Uint8Array(15_000_000) }],
    ['skill-md-missing', { 'pdf/README.md': 'x' }],
    ['layout', { 'pdf/SKILL.md': skillMd, 'other/a': 'x' }],
  ])('refuses an archive: %s', async (rule, entries) => {
    expect(await post(zip(entries), 'application/zip')).toMatchObject({ valid: false, errors: [{ rule }] })
  })

  it('refuses what is no upload', async () => {
    for (const [body, type] of [
      ['x', 'text/plain'],
      ['{"files":[]}', 'application/json'],
      ['{', 'application/json'],
      ['{"files":[{"path":"a","content":"x","content_base64":"eA=="}]}', 'application/json'],
      ['no form', 'multipart/form-data; boundary=x'],
      ['no form', 'multipart/form-data'],
    ] as const) {
      expect(await post(body, type), body).toMatchObject({
        code: 'invalid_request',
        detail: expect.any(String),
      })
    }
    expect(await post('not a zip', 'application/zip')).toMatchObject({ errors: [{ rule: 'not-zip' }] })
    const anonymous = await call(gateway.url, '/api/v1/skills/validate', { body: '{}' })
    expect(anonymous.status).toBe(401)
  })

  it('takes less where the operator wants that', async () => {
    await gateway.reload({ routeiq: { skills: { max_total_bytes: 2_000 } } })
    const large = { 'pdf/SKILL.md': skillMd, 'pdf/large.txt': 'large enough '.repeat(150) }
    for (const [body, type] of [
      [zip(large), 'application/zip'],
      await form(large),
      [
        JSON.stringify({ files: Object.entries(large).map(([path, content]) => ({ path, content })) }),
        'application/json',
      ],
    ] as const) {
      const refused = await post(body, type)
      expect(refused).toMatchObject({ valid: false, errors: [{ rule: 'size' }] })
      expect(refused.errors[0].message).toContain('less than 0.002 MB')
      const created = await call(gateway.url, '/v1/skills', { key, body, headers: { 'content-type': type } })
      expect(created.status).toBe(400)
    }
    const small = {
      name: 'small',
      description: 'Small.',
      body_markdown: 'It is small, and stays so for as long as anybody looks.',
    }
    await call(gateway.url, '/api/v1/skills', { key, body: small })
    const attached = await call(gateway.url, '/api/v1/skills/small/attachments', {
      ...{ key, body: { file_path: 'a.txt', directory: 'assets', content_text: 'x'.repeat(3_000) } },
    })
    expect([attached.status, attached.text]).toEqual([422, expect.stringContaining('0.002 MB')])
    await gateway.reload({})
  })
}
