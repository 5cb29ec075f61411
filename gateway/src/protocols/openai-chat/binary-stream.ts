import type { CostTerms } from '../../pricing/compute-cost.ts'
import type { StreamRelay } from '../../relay/relay.ts'
import type { PassthroughOptions } from '../protocol.ts'
import { billMedia } from './media-terms.ts'

/** Audio on its way to the client, chunk by chunk; `latin1` text is bytes. */
export class BinaryStream implements StreamRelay {
  readonly encoding = 'latin1'
  readonly mediaType = 'audio/'
  readonly estimatedOutputTokens = 0
  readonly failure = null
  readonly usage = null
  readonly terms: Partial<CostTerms>

  constructor(options: PassthroughOptions) {
    this.terms = billMedia(options, null, () => null) ?? {}
  }

  push(chunk: Buffer): string {
    return chunk.toString('latin1')
  }

  end(): null {
    return null
  }
}
