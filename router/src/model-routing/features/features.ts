import { hashedSize, TokenHasher } from './hash-tokens.ts'
import { normaliseAsk } from './normalise-ask.ts'
import { isMathsWord, type RequestShape, readStructured, structuredSize } from './structured.ts'

/** Names everything about features that a trained model depends on; bundles made under another are refused. */
export const featureSpec = 'rq-feat-1'

/** Signed logarithmic counts by slot, not yet weighted by a training set, and the raw structured features. */
export interface Features {
  readonly slots: Uint16Array
  readonly values: Float64Array
  /** How many of the two above are in use. */
  size: number
  /** Tokens of the ask, 600 at most. */
  tokens: number
  readonly structured: Float64Array
  /** The normalised, lower-case ask. */
  text: string
}

const logs = Float64Array.from({ length: 601 }, (_, count) => Math.log(1 + count))

/** Turns asks into features. Its result is overwritten by the next ask; one per thread. */
export class FeatureExtractor {
  readonly #hasher = new TokenHasher()
  readonly #features = emptyFeatures(1_200)

  extract(ask: string, shape: RequestShape): Features {
    const features = this.#features
    const text = normaliseAsk(ask).toLowerCase()
    let mathsWordCount = 0
    const { slots, counts, size, tokens } = this.#hasher.count(text, (hash) => {
      if (isMathsWord(hash)) mathsWordCount++
    })
    let used = 0
    for (let index = 0; index < size; index++) {
      const slot = slots[index] as number
      const count = counts[slot] as number
      if (count === 0) continue
      features.slots[used] = slot
      features.values[used] = count > 0 ? (logs[count] as number) : -(logs[-count] as number)
      used++
    }
    features.size = used
    features.tokens = tokens
    features.text = text
    readStructured(text, shape, mathsWordCount, features.structured)
    return features
  }
}

function emptyFeatures(capacity: number): Features {
  return {
    slots: new Uint16Array(Math.min(capacity, hashedSize)),
    values: new Float64Array(Math.min(capacity, hashedSize)),
    size: 0,
    tokens: 0,
    structured: new Float64Array(structuredSize),
    text: '',
  }
}

/** A copy that outlives the next ask. */
export function keepFeatures(features: Features): Features {
  const { size, tokens, text } = features
  return {
    slots: features.slots.slice(0, size),
    values: features.values.slice(0, size),
    structured: features.structured.slice(),
    size,
    tokens,
    text,
  }
}
