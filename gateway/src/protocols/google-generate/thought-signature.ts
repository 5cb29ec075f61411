import type { BlobCarrier, UnwrappedBlob } from '../../conversation/blob-carrier.ts'
import { type BlobForm, isSealed } from '../../conversation/blob-sealer.ts'

/** Whose signatures this dialect carries as they are. */
const nativeFamily = 'google'

/**
 * A signature as this dialect carries it. Its clients decode and encode the member as bytes, so an envelope is base64
 * once more.
 */
export function wrapSignature(payload: string, form: BlobForm, carrier: BlobCarrier): string {
  const wrapped = carrier.wrap(payload, form, nativeFamily)
  return isSealed(wrapped) ? Buffer.from(wrapped).toString('base64') : wrapped
}

/** What the client sent back, for the target; null when it is not the target's. */
export function unwrapSignature(text: string | null, carrier: BlobCarrier): UnwrappedBlob | null {
  if (text === null) return null
  const decoded = Buffer.from(text, 'base64').toString('latin1')
  return carrier.unwrap(isSealed(decoded) ? decoded : text, 'signature', nativeFamily)
}
