import { randomBytes } from 'node:crypto'
import { BlobCarrier, type BlobOrigin } from './blob-carrier.ts'
import { BlobSealer } from './blob-sealer.ts'

const sealer = new BlobSealer('a secret of the tests', randomBytes)

/** A carrier for one upstream account; all of them share one key. */
export function carrierOf(family: string, origin: Partial<BlobOrigin> = {}): BlobCarrier {
  return new BlobCarrier(sealer, { family, account: 'account-1', isAccountBound: false, ...origin })
}
