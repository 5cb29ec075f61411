import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface PythonPackage {
  /** The interpreter that sees the package. */
  readonly python: string
  /** A folder with its command-line programs. */
  readonly programs: string
}

/**
 * A virtual environment with one release of a package from PyPI, made once for all runs and outside the repository; a
 * text says why there is none: no Python, or no way to PyPI.
 */
export async function installPythonPackage(name: string, version: string): Promise<PythonPackage | string> {
  const folder = join(tmpdir(), 'routeiq-python-packages', `${name}-${version}`)
  if (!existsSync(folder)) {
    const unfinished = `${folder}.${process.pid}`
    mkdirSync(join(folder, '..'), { recursive: true })
    try {
      await run('python3', ['-m', 'venv', unfinished], { timeout: 60_000 })
      const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `${name}==${version}`]
      await run(join(unfinished, 'bin/python'), pip, { timeout: 240_000 })
      renameSync(unfinished, folder)
    } catch (error) {
      rmSync(unfinished, { recursive: true, force: true })
      if (!existsSync(folder))
        return `${name} ${version} cannot be installed: ${(error as Error).message.split('\n')[0]}`
    }
  }
  return { python: join(folder, 'bin/python'), programs: join(folder, 'bin') }
}
