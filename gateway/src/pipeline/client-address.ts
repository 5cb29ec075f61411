import { createHash } from 'node:crypto'

const maxCached = 10_000
const digests = new Map<string, string>()

/** The ledger keeps no addresses, only digests that tell callers apart. Cached: a digest costs microseconds. */
export function hashClientAddress(address: string | null): string | null {
  if (address === null) return null
  let digest = digests.get(address)
  if (digest === undefined) {
    if (digests.size >= maxCached) digests.clear()
    digest = createHash('sha256').update(address).digest('hex').slice(0, 32)
    digests.set(address, digest)
  }
  return digest
}
