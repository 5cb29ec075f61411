import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { placeMigratedDatabase } from '../../src/storage/testing/test-databases.ts'

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

/** A data directory whose embedded database exists and is migrated. */
export async function preparedDataDirectory(): Promise<string> {
  const dataDir = await temporaryDirectory()
  await placeMigratedDatabase(dataDir)
  return dataDir
}
