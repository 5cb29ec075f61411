import { execFileSync } from 'node:child_process'
import { cpSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { cleanEnvironment } from './harness/clean-environment.ts'
import { removeDirectory, temporaryDirectory } from './harness/data-directory.ts'

const gateway = fileURLToPath(new URL('../', import.meta.url))

interface Packed {
  readonly files: readonly { readonly path: string }[]
}

let directory: string
let files: readonly string[]

/** What would be published, beside the packages an installation brings. Needs `npm run build`. */
beforeAll(async () => {
  directory = await temporaryDirectory()
  const output = execFileSync('npm', ['pack', '--dry-run', '--json'], { cwd: gateway, encoding: 'utf8' })
  files = (JSON.parse(output) as Packed[])[0]?.files.map(({ path }) => path) ?? []
  for (const path of files) cpSync(join(gateway, path), join(directory, path))
  symlinkSync(fileURLToPath(new URL('../../node_modules', import.meta.url)), join(directory, 'node_modules'))
})

afterAll(() => removeDirectory(directory))

it('starts from the published files alone', () => {
  const program = join(directory, 'bin/routeiq.js')
  const run = (...argv: string[]): string =>
    execFileSync(process.execPath, [program, ...argv], { encoding: 'utf8', env: cleanEnvironment({}) })
  expect(run('version').trim()).toMatch(/^\d+\.\d+\.\d+$/)
  expect(run('validate-config')).not.toContain('error')
})

it('has the bundle, the migrations and the workers, and neither sources nor tests', () => {
  expect(files).toContain('bundle/main.js')
  expect(files).toContain('bin/embedded-database.js')
  expect(files.some((path) => path.startsWith('migrations/'))).toBe(true)
  expect(files.filter((path) => /\.ts$|\.test\.|^(?:src|dist)\//.test(path))).toEqual([])
})

it('keeps the notices of the packages in the bundle', () => {
  const notices = readFileSync(join(directory, 'bundle/THIRD-PARTY-NOTICES'), 'utf8')
  for (const name of ['zod', 'pg', 'drizzle-orm', 'yaml'])
    expect(notices).toMatch(new RegExp(`^${name} \\d`, 'm'))
})
