import { type LookupAddress, type LookupOptions, lookup as resolve } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { bareHost, metadataNames } from './host-names.ts'
import { judgeAddress } from './judge-address.ts'

/**
 * Whether an address the operator wrote may be called at all: loopback and private ones may, metadata services and
 * reserved addresses never. Null, or why not. Names are judged again by their addresses when they are dialled.
 */
export function refuseOperatorHost(hostname: string): string | null {
  const bare = bareHost(hostname)
  if (metadataNames.has(bare)) return 'it is a metadata service'
  return isIP(bare) !== 0 && judgeAddress(bare) === 'never'
    ? 'it is a link-local, metadata or reserved address'
    : null
}

/** `dns.lookup` that gives no name an address nobody may call; one such address refuses the whole name. */
export const guardedLookup: LookupFunction = (hostname, options, callback) => {
  const all: LookupOptions = { ...options, all: true }
  resolve(hostname, all, (error, found) => {
    const addresses = (error === null ? found : []) as unknown as readonly LookupAddress[]
    const refused = error ?? findRefusal(hostname, addresses)
    if (refused !== null) callback(refused, [])
    else if (options.all === true) callback(null, [...addresses])
    else callback(null, addresses[0]?.address ?? '', addresses[0]?.family ?? 4)
  })
}

function findRefusal(hostname: string, addresses: readonly LookupAddress[]): NodeJS.ErrnoException | null {
  const isRefused =
    refuseOperatorHost(hostname) !== null ||
    addresses.some(({ address }) => judgeAddress(address) === 'never')
  if (!isRefused) return null
  return Object.assign(new Error('The name leads to an address that may not be called.'), { code: 'EACCES' })
}
