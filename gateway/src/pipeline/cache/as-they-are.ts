import { BlobCarrier } from '../../conversation/blob-carrier.ts'

/** Signatures stand in an answer in the client's dialect as its client gets them. */
export class AsTheyAre extends BlobCarrier {
  override wrap(payload: string): string {
    return payload
  }
}
