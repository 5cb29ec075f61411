import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { GatewayConfig } from '../config/config.ts'

const fileName = 'master-key'

export interface MasterKey {
  readonly key: string
  /** True when it was made just now and has never been shown. */
  readonly isNew: boolean
  readonly file: string
}

/** In production a key must be configured; elsewhere one is made unless an open gateway was asked for. */
export function needsMasterKey({ identity }: Pick<GatewayConfig, 'identity'>): boolean {
  const hasKey = identity.masterKey !== null || identity.adminKeys.length > 0
  return !hasKey && !identity.insecureNoAuth && identity.environment !== 'production'
}

/** The master key kept in the data directory, made on first use. The file is readable by its owner alone. */
export function keptMasterKey(dataDir: string): MasterKey {
  const file = join(dataDir, fileName)
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const key = `sk-${randomBytes(24).toString('base64url')}`
  try {
    writeFileSync(file, `${key}\n`, { mode: 0o600, flag: 'wx' })
    return { key, isNew: true, file }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return { key: readKept(file), isNew: false, file }
  }
}

function readKept(file: string): string {
  const kept = readFileSync(file, 'utf8').trim()
  if (!/^sk-\S{16,}$/.test(kept)) {
    throw new Error(
      `${file} does not hold a master key; delete it to have a new one made, or set LITELLM_MASTER_KEY`,
    )
  }
  return kept
}
