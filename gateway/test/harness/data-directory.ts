import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { copyDatabase } from '../../src/storage/testing/copy-database.ts'

const migrations = fileURLToPath(new URL('../../migrations/', import.meta.url))

const made = new Set<string>()
process.once('exit', () => {
  for (const directory of made) rmSync(directory, { recursive: true, force: true })
})

/** A new empty directory that is gone at the latest when the tests end. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'routeiq-test-'))
  made.add(directory)
  return directory
}

export async function removeDirectory(directory: string): Promise<void> {
  made.delete(directory)
  await rm(directory, { recursive: true, force: true, maxRetries: 3 })
}

/**
 * A data directory whose embedded database exists and is migrated. Making one takes seconds and is the same each
 * time, so that `initialise` (start the product once on a directory and stop it) runs once for a state of the
 * migrations; everybody else gets a copy.
 */
export async function preparedDataDirectory(initialise: (dataDir: string) => Promise<void>): Promise<string> {
  const template = join(tmpdir(), `routeiq-test-database-${migrationsDigest()}`)
  if (!existsSync(template)) await makeTemplate(template, initialise)
  const dataDir = await temporaryDirectory()
  copyDatabase(template, join(dataDir, 'database'))
  return dataDir
}

async function makeTemplate(template: string, initialise: (dataDir: string) => Promise<void>): Promise<void> {
  const dataDir = await temporaryDirectory()
  await initialise(dataDir)
  // Whoever is first gives the template; the directory of a later one is not needed.
  await rename(join(dataDir, 'database'), template).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
  })
  await removeDirectory(dataDir)
}

function migrationsDigest(): string {
  const hash = createHash('sha256')
  for (const name of readdirSync(migrations).sort()) {
    hash.update(name).update(readFileSync(join(migrations, name)))
  }
  return hash.digest('hex').slice(0, 16)
}
