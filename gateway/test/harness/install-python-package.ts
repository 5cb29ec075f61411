import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface PythonPackage {
  /** The interpreter that sees the package. */
  readonly python: string
  /** Why there is no package: no Python, or no way to PyPI. Empty when there is one. */
  readonly reason: string
}

/**
 * A virtual environment with one release of a package from PyPI, made once for all runs and outside the repository.
 */
export async function installPythonPackage(name: string, version: string): Promise<PythonPackage> {
  const folder = join(tmpdir(), 'routeiq-python-packages', `${name}-${version}`)
  if (!existsSync(folder)) {
    const unfinished = `${folder}.${process.pid}`
    mkdirSync(join(folder, '..'), { recursive: true })
    try {
      await run('python3', ['-m', 'venv', unfinished], { timeout: 240_000 })
      const pip = [
        '-m',
        'pip',
        'install',
        '--quiet',
        '--no-compile',
        '--disable-pip-version-check',
        `${name}==${version}`,
      ]
      await run(join(unfinished, 'bin/python'), pip, { timeout: 240_000 })
      renameSync(unfinished, folder)
    } catch (error) {
      // A child of what ran out of time may still be writing there.
      rmSync(unfinished, { recursive: true, force: true, maxRetries: 10 })
      const reason = `${name} ${version} cannot be installed: ${(error as Error).message.split('\n')[0]}`
      if (!existsSync(folder)) return { python: '', reason }
    }
  }
  return { python: join(folder, 'bin/python'), reason: '' }
}
