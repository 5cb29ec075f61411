import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * The `node_modules` folder of a package that is installed outside the repository, once for all runs, without running
 * any script of its own.
 */
export async function installPackage(name: string, version: string): Promise<string> {
  const folder = join(tmpdir(), 'routeiq-cli-clients', `${name.replaceAll(/[^a-z0-9]+/g, '-')}-${version}`)
  const modules = join(folder, 'node_modules')
  if (!existsSync(join(modules, name))) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'package.json'), '{"private":true}')
    await run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', `${name}@${version}`], {
      cwd: folder,
    })
  }
  return modules
}
