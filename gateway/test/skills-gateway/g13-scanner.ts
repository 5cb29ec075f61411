import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { corpus, descriptions } from '../../src/skills/scan/corpus.fixture.ts'
import { call } from '../harness/call-gateway.ts'
import { type ProductDatabase, startGatewayOver } from '../harness/databases.ts'
import type { Gateway } from '../harness/start-gateway.ts'

interface Sample {
  readonly check: string
  readonly description: string
  readonly body: string
  readonly allowedTools?: readonly string[]
  readonly file?: { readonly path: string; readonly content: Buffer }
}

const plain = { description: 'Fills in forms.', body: 'Fill the form in line by line.' }
const program = (hex: string): Buffer => Buffer.concat([Buffer.from(hex, 'hex'), Buffer.from([0, 255, 1])])
const ofFile = (path: string, hex: string): Sample => ({
  ...{ ...plain, check: 'binary_payload', file: { path, content: program(hex) } },
})
const ofTools = (tool: string, body = plain.body): Sample => ({
  ...{ ...plain, check: 'tool_overreach', allowedTools: [tool], body },
})
const samplesOf = (kind: 'bad' | 'good'): readonly Sample[] => [
  ...Object.entries(corpus).flatMap(([check, samples]) =>
    samples[kind].map((text) => ({ ...plain, check, body: `# Steps\n\n${text}\n` })),
  ),
  ...descriptions[kind].map((description) => ({ ...plain, check: 'trigger_abuse', description })),
]
const bad = [
  ...samplesOf('bad'),
  ofFile('scripts/tool', '7f454c46'),
  ofFile('assets/setup.exe', '4d5a90'),
  ofFile('assets/x.wasm', '0061736d'),
  ...['*', 'Bash', 'Bash(*)'].map((tool) => ofTools(tool)),
]
const good = [
  ...samplesOf('good'),
  ofFile('assets/logo.png', '89504e47'),
  ofFile('assets/template.docx', '504b0304'),
  ofFile('assets/font.ttf', '00010000'),
  ofTools('Read'),
  ofTools('Bash(git add:*)'),
  ofTools('Bash', 'Run the script with npm.'),
]

function byCheck(samples: readonly Sample[]): ReadonlyMap<string, readonly Sample[]> {
  const checks = new Set(samples.map(({ check }) => check))
  return new Map([...checks].map((name) => [name, samples.filter(({ check }) => check === name)]))
}

/** Every check finds its samples in what is uploaded, and leaves alone what only looks like them. */
export function describeScanner(database: ProductDatabase): void {
  let gateway: Gateway
  let key: string

  beforeAll(async () => {
    const config = { routeiq: { skills: { scan: { on_block: 'flag' } } } }
    gateway = await startGatewayOver(database, { config })
    key = (await gateway.createKey()).key
  })
  afterAll(() => gateway?.stop())

  it('has three samples of each kind for each check', () => {
    for (const samples of [bad, good]) {
      const counts = [...byCheck(samples).values()]
      expect(counts).toHaveLength(16)
      expect(Math.min(...counts.map(({ length }) => length))).toBeGreaterThanOrEqual(3)
    }
  })

  /** What is found in a skill that is uploaded. */
  async function scan(name: string, { description, body, allowedTools, file }: Sample) {
    const tools =
      allowedTools === undefined ? '' : `\nallowed-tools: ${JSON.stringify(allowedTools.join(' '))}`
    const head = `---\nname: ${name}\ndescription: ${JSON.stringify(description)}${tools}\n---\n\n`
    const files = [
      { path: `${name}/SKILL.md`, content: head + body },
      ...(file === undefined
        ? []
        : [{ path: `${name}/${file.path}`, content_base64: file.content.toString('base64') }]),
    ]
    const created = await call(gateway.url, '/v1/skills', { key, body: { files } })
    expect(created.status, created.text).toBe(200)
    const checked = await call(gateway.url, `/api/v1/skills/${name}/checks/run`, { key, method: 'POST' })
    return checked.json() as { findings: { check: string; severity: string }[]; safety_status: string }
  }

  describe.each([...byCheck(bad)])('%s', (check, samples) => {
    it.each(samples.map((sample, at) => [at, sample] as const))('finds sample %i', async (at, sample) => {
      const { findings, safety_status } = await scan(`bad-${check.replaceAll('_', '-')}-${at}`, sample)
      expect(findings.map((finding) => finding.check)).toContain(check)
      expect(safety_status).not.toBe('clean')
    })
  })

  it('leaves alone what only looks like it', async () => {
    const wrong: object[] = []
    for (const [at, sample] of good.entries()) {
      const { findings } = await scan(`good-${at}`, sample)
      const seen = findings.filter(({ severity }) => severity !== 'info')
      if (seen.length > 0) wrong.push({ sample, seen })
    }
    expect(wrong).toEqual([])
  })
}
