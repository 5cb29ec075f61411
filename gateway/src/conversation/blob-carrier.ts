import { type BlobForm, type BlobSealer, isSealed } from './blob-sealer.ts'

/** Whose opaque values a target takes. */
export interface BlobOrigin {
  readonly family: string
  readonly account: string
  /** Its values mean nothing to another account of the same family. */
  readonly isAccountBound: boolean
}

/**
 * Carries the signatures of one upstream call through a client's dialect, whatever that is: values of the dialect's
 * own family as they are, all others in an envelope. What comes back is opened only for the target that gave it.
 */
export class BlobCarrier {
  readonly #sealer: BlobSealer
  readonly #origin: BlobOrigin

  constructor(sealer: BlobSealer, origin: BlobOrigin) {
    this.#sealer = sealer
    this.#origin = origin
  }

  /** The value as the client gets it. `nativeFamily` is whose values the client's dialect carries bare. */
  wrap(payload: string, form: BlobForm, nativeFamily: string | null): string {
    const { family, account } = this.#origin
    if (family === nativeFamily && payload !== '') return payload
    return this.#sealer.seal({ form, family, account, payload })
  }

  /** The value for the target; null when it is of another family or account, was tampered with, or is empty. */
  unwrap(text: string, form: BlobForm, nativeFamily: string | null): UnwrappedBlob | null {
    const { family, account, isAccountBound } = this.#origin
    if (!isSealed(text)) return text === '' || family !== nativeFamily ? null : { form, payload: text }
    const blob = this.#sealer.open(text)
    if (blob === null || blob.family !== family || blob.payload === '') return null
    const { form: sealedForm, payload } = blob
    if (sealedForm !== 'signature' && sealedForm !== 'redacted') return null
    return isAccountBound && blob.account !== account ? null : { form: sealedForm, payload }
  }
}

export interface UnwrappedBlob {
  readonly form: BlobForm
  readonly payload: string
}
