import { randomBytes } from 'node:crypto'
import type { IdentityConfig } from '../config/config.ts'
import { KeyRing } from '../secrets/key-ring.ts'

type Roots = Pick<IdentityConfig, 'encryptionKeys' | 'saltKey' | 'masterKey'>

/** The keys for secrets at rest: of encryption keys the first seals, else the salt key, else the master key. */
export function createKeyRing({ encryptionKeys, saltKey, masterKey }: Roots): KeyRing {
  const derivable = [saltKey, masterKey].filter((key) => key !== null)
  const keys = encryptionKeys.map((key) => Buffer.from(key, 'base64'))
  return new KeyRing([...keys, ...derivable], derivable, randomBytes)
}

/** Whether the operator gave a key for secrets, so that they do not hang on the master key. */
export function hasKeyForSecrets({ encryptionKeys, saltKey }: Roots): boolean {
  return encryptionKeys.length > 0 || saltKey !== null
}
