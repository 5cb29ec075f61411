import { type AuditActor, gatewayActor } from './audit-record.ts'

/** As much of a digest as names a key. */
const shownDigest = 16

/** The actor a caller is in the audit log; `unknown` for requests whose credential was refused, or that had none. */
export function describeActor(
  caller: { readonly kind: string; readonly keyHash: string | null; readonly userId: string | null } | null,
): AuditActor {
  if (caller === null || caller.kind === 'anonymous') return { type: 'unknown', id: null, userId: null }
  const type = caller.kind === 'key' ? 'api_key' : 'admin_key'
  return { type, id: nameKey(caller.keyHash), userId: caller.userId }
}

/** The actor behind a key of which only the digest is known; null is the gateway itself. */
export function describeKeyActor(keyHash: string | null, isAdminKey = false): AuditActor {
  if (keyHash === null) return gatewayActor
  return { type: isAdminKey ? 'admin_key' : 'api_key', id: nameKey(keyHash), userId: null }
}

function nameKey(keyHash: string | null): string | null {
  return keyHash?.slice(0, shownDigest) ?? null
}

/** The actor of a name as skills give it: `user:…`, `key:` and a digest, or a kind of caller. */
export function actorNamed(name: string): AuditActor {
  if (name.startsWith('user:')) return { type: 'user', id: name.slice('user:'.length), userId: null }
  if (name.startsWith('key:')) return describeKeyActor(name.slice('key:'.length))
  return { type: 'unknown', id: null, userId: null }
}
