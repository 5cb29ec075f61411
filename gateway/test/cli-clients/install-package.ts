import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Where something is installed: the same place for the same packages. */
function folderOf(name: string, packages: readonly string[]): string {
  const id = createHash('sha256').update(packages.join()).digest('hex').slice(0, 8)
  return join(tmpdir(), 'routeiq-cli-clients', packages.length === 0 ? name : `${name}-${id}`)
}

/** The Python of a virtual environment that has these packages (`name==version`), made once for all runs. */
export async function installPython(packages: readonly string[]): Promise<string> {
  const folder = folderOf('python', packages)
  const python = join(folder, 'bin/python')
  if (existsSync(join(folder, 'complete'))) return python
  await run('python3', ['-m', 'venv', folder])
  await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages])
  writeFileSync(join(folder, 'complete'), '')
  return python
}

/**
 * The `node_modules` folder of a package, with others beside it, that is installed outside the repository, once for all runs, without running
 * any script of its own.
 */
export async function installPackage(
  name: string,
  version: string,
  others: readonly string[] = [],
): Promise<string> {
  const folder = folderOf(`${name.replaceAll(/[^a-z0-9]+/g, '-')}-${version}`, others)
  const modules = join(folder, 'node_modules')
  if (!existsSync(join(modules, name))) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'package.json'), '{"private":true}')
    const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-engine-strict']
    await run('npm', ['install', ...flags, `${name}@${version}`, ...others], { cwd: folder })
  }
  return modules
}
