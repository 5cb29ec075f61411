import type { IdentityConfig } from '../config/config.ts'
import type { Diagnostic } from '../config/diagnostics.ts'
import type { Database } from '../storage/database/database.ts'
import { inspectSecrets } from '../storage/secrets/reseal-secrets.ts'
import { createKeyRing, hasKeyForSecrets } from './key-ring.ts'

const path = 'ROUTEIQ_ENCRYPTION_KEY'

/**
 * What there is to say about the keys and the secrets in the database: an error where a secret was encrypted with none of
 * them, a warning where they hang on the master key, else null.
 */
export async function checkStoredSecrets(
  database: Database,
  identity: IdentityConfig,
): Promise<Diagnostic | null> {
  const { unreadable, hasSecrets } = await inspectSecrets(database, createKeyRing(identity))
  if (unreadable.size > 0) {
    const tables = [...unreadable].map(([table, rows]) => `${table}: ${rows}`).join(', ')
    return {
      severity: 'error',
      path,
      message: `secrets in the database were encrypted with a key that is not configured (${tables})`,
      hint: 'configure that key beside the new one and run routeiq secrets rotate; if it is lost, routeiq secrets rotate --drop-unreadable removes them',
    }
  }
  if (!hasSecrets || hasKeyForSecrets(identity)) return null
  return {
    severity: 'warning',
    path,
    message: 'secrets in the database are encrypted with a key derived from the master key',
    hint: 'set it before you change the master key, and run routeiq secrets rotate',
  }
}
