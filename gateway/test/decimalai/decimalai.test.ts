import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cleanEnvironment } from '../harness/clean-environment.ts'
import { removeDirectory, temporaryDirectory } from '../harness/data-directory.ts'
import { installPythonPackage } from '../harness/install-python-package.ts'
import { type Gateway, startGateway } from '../harness/start-gateway.ts'

const session = fileURLToPath(new URL('session.py', import.meta.url))
const installMs = 360_000

// biome-ignore lint/suspicious/noExplicitAny: what a session reports is looked at member by member
type Report = any

describe.each([
  { version: '0.10.3', isNewer: false },
  { version: '0.26.0', isNewer: true },
])('the published decimalai $version', async ({ version, isNewer }) => {
  const installed = await installPythonPackage('decimalai', version)
  const { python, reason } = installed
  if (reason !== '') console.error(`skipped: ${reason}`)

  describe.skipIf(reason !== '')('against the composed server', () => {
    let gateway: Gateway
    let key: string
    let otherKey: string
    let home: string
    let report: Report
    let stderr = ''

    beforeAll(async () => {
      gateway = await startGateway({ config: {} })
      key = (await gateway.createKey()).key
      otherKey = (await gateway.createKey({ organization_id: 'neighbours' })).key
      home = await temporaryDirectory()
      const ran = await run(python, [session])
      stderr = ran.stderr
      report = JSON.parse(ran.stdout || '{}')
    }, installMs)
    afterAll(async () => {
      await gateway?.stop()
      if (home !== undefined) await removeDirectory(home)
    })

    const run = (program: string, argv: readonly string[], cwd = home) =>
      new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
        const env = cleanEnvironment({
          HOME: home,
          DECIMAL_BASE_URL: gateway.url,
          DECIMAL_API_KEY: key,
          OTHER_API_KEY: otherKey,
          PYTHONUTF8: '1',
        })
        execFile(
          program,
          argv,
          { cwd, env, timeout: 90_000, maxBuffer: 16_777_216 },
          (error, stdout, stderr) => {
            resolve({ code: error === null ? 0 : ((error.code as number | undefined) ?? 1), stdout, stderr })
          },
        )
      })

    it('runs to its end and loses no trace', () => {
      expect(stderr).not.toContain('Traceback')
      expect([report.version, report.newer]).toEqual([version, isNewer])
      expect(report.export).toEqual({ sent: 1, failed: 0, last_error: 'None' })
    })

    it('keeps skills, versions and attachments', () => {
      expect(report.create).toMatchObject({ name: 'refund-policy', version: 1, skill_id: expect.any(String) })
      expect(report.create_again).toMatchObject({ status: 409 })
      expect(report.update).toMatchObject({ status: 'ok' })
      expect(report.list.map(({ name }: Report) => name)).toContain('refund-policy')
      expect(report.get.latest_version.version_number).toBeGreaterThanOrEqual(2)
      expect(report.versions[0].version_number).toBeGreaterThan(report.versions.at(-1).version_number)
      expect(report.version_1).toMatchObject({
        version_number: 1,
        body_markdown: expect.stringContaining('# Refunds'),
      })
      expect(report.attachments.map(({ file_path }: Report) => file_path).sort()).toEqual([
        'references/fees.md',
        'scripts/check.py',
      ])
      expect(report.attachment.content_text).toBe("print('checked')\n")
      expect(report.attachment_by_path.content_text).toBe('# Fees\n\nNone.\n')
    })

    it('synchronises by every policy, and one bad row spoils nothing', () => {
      const actions = (name: string) => report[name].actions.map(({ action }: Report) => action)
      expect(actions('sync_create')).toEqual(['created', 'created'])
      expect(actions('sync_same')).toEqual(['no_change', 'no_change'])
      expect(actions('sync_remote_wins')).toEqual(['pulled'])
      expect(actions('sync_newer_wins_older')).toEqual(['pulled'])
      expect(actions('sync_newer_wins')).toEqual(['pushed'])
      expect(actions('sync_bad_row').sort()).toEqual(['failed', 'no_change'])
      expect(report.hashes.hashes['shipping-times']).toEqual({
        hash: expect.stringMatching(/^[0-9a-f]{64}$/),
        version: 2,
      })
    })

    it('routes, loads a skill once and knows what does not exist', () => {
      expect(report.menu).toMatchObject({
        strategy: 'full_menu',
        routing_id: expect.stringMatching(/^rt_[0-9a-f]{24}$/),
      })
      expect(report.route.skills[0].name).toBe('refund-policy')
      expect(report.turn).toMatchObject({ cached: true, routing_id: expect.stringMatching(/^rt_/) })
      expect(report.turn.fragment).toMatch(/^## (?:Recommended|Available) Skills\n/)
      expect(report.load).toMatch(/^## Skill: refund-policy\n\n# Refunds and exchanges/)
      expect(report.load_unknown).toContain("no skill named 'no-such-skill'")
      expect(report.load_slash).toContain("no skill named 'owner/no-such-skill'")
    })

    it.skipIf(!isNewer)('puts the stable menu in front and the hint behind', () => {
      const [prefix, tail] = report.parts
      expect(prefix).toMatch(/^## Available Skills\n[\s\S]*\| refund-policy \|/)
      expect(tail).toMatch(/^Best matches for this request: .*refund-policy/)
    })

    it('closes the join of offer, load and trace', () => {
      expect(report.manifest).toMatchObject({
        manifest_id: expect.any(String),
        version_label: expect.stringMatching(/^v\d+$/),
      })
      expect(report.manifest_again).toMatchObject({ manifest_id: report.manifest.manifest_id, is_new: false })
      expect(report.inspect).toMatchObject({
        routing_id: report.turn.routing_id,
        closed: true,
        activated: ['refund-policy'],
      })
      expect(report.inspect.offered).toContain('refund-policy')
      expect(report.inspect.offered_not_activated).toEqual(
        report.inspect.offered.filter((name: string) => name !== 'refund-policy'),
      )
      expect(report.router_stats.activated_count).toBeGreaterThanOrEqual(1)
      expect(report.trace.id ?? report.trace.trace_id).toBe(report.trace_id)
    })

    it('reads the analytics', () => {
      expect(report.score).not.toHaveProperty('raised')
      const row = report.metrics.find(({ name }: Report) => name === 'refund-policy')
      expect(row).toMatchObject({ activation_count: 1, judged_count: 1, pass_count: 1 })
      expect(Array.isArray(report.leaderboard)).toBe(true)
      expect(report.compare).toMatchObject({ verdict: 'inconclusive', reason: 'insufficient_data' })
    })

    it('is told of a key that nobody issued', () => {
      expect(report.stranger).toMatchObject({ raised: 'SkillRouterError', status: 401 })
      expect(report.stranger_route).toMatchObject({ strategy: 'none', skills: [] })
    })

    it.skipIf(!isNewer)(
      'installs skills as folders, checks them, and updates them',
      async () => {
        const decimalai = (...argv: string[]) => run(python, ['-m', 'decimalai.cli', 'skills', ...argv])
        const attachment = {
          file_path: 'scripts/check.py',
          directory: 'scripts',
          content_text: "print('checked')\n",
        }
        const attached = await fetch(`${gateway.url}/api/v1/skills/shipping-times/attachments`, {
          method: 'POST',
          headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
          body: JSON.stringify(attachment),
        })
        expect(attached.status).toBe(200)
        const added = await decimalai('add', 'shipping-times@1', '--yes')
        expect([added.code, added.stderr]).toEqual([0, added.stderr])
        const folder = join(home, '.agents', 'skills', 'shipping-times')
        const skillMd = readFileSync(join(folder, 'SKILL.md'), 'utf8')
        expect(skillMd).toContain('name: shipping-times\n')
        expect(skillMd).toContain('# Shipping\n')
        expect(existsSync(join(folder, 'scripts/check.py'))).toBe(false)
        const latest = await decimalai('add', 'shipping-times@latest', '--yes')
        expect([latest.code, latest.stderr]).toEqual([0, latest.stderr])
        expect(readFileSync(join(folder, 'SKILL.md'), 'utf8')).toContain('# Faster shipping')
        expect(readFileSync(join(folder, 'scripts/check.py'), 'utf8')).toBe("print('checked')\n")
        expect((await decimalai('install', '--frozen')).code).toBe(0)
        const verified = await decimalai('verify')
        expect([verified.code, verified.stdout]).toEqual([0, verified.stdout])
        const unknown = await decimalai('add', 'no-such-skill', '--yes')
        expect(unknown.code).toBe(7)
      },
      90_000,
    )

    it('serves its command line: sync and list', async () => {
      const folder = join(home, 'skills', 'office-hours')
      mkdirSync(folder, { recursive: true })
      const skillMd =
        '---\nname: office-hours\ndescription: When the office answers the phone.\n---\n\n# Office hours\n\nMonday to Friday from nine to five, except on public holidays.\n'
      writeFileSync(join(folder, 'SKILL.md'), skillMd)
      const decimalai = (...argv: string[]) => run(python, ['-m', 'decimalai.cli', ...argv])
      const synced = await decimalai('skills', 'sync', ...(isNewer ? ['--offer-scope', 'workspace'] : []))
      expect([synced.code, synced.stdout]).toEqual([0, expect.stringMatching(/created +1/)])
      const listed = await decimalai('skills', 'list')
      expect([listed.code, listed.stdout]).toEqual([0, expect.stringMatching(/office-hours +v1/)])
      const again = await decimalai('skills', 'sync')
      expect(again.stdout).toMatch(/no_change +1/)
    })
  })
})
