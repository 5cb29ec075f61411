import { SlotCounter, type SlotValues } from './hash-tokens.ts'
import { normaliseAsk } from './normalise-ask.ts'
import { TextReader } from './read-text.ts'
import { type RequestShape, readStructured, structuredSize } from './structured.ts'

/** Names everything about features that a trained model depends on; bundles made under another are refused. */
export const featureSpec = 'rq-feat-1'

/** By 600 tokens and the pairs between them. */
const mostSlots = 1_199

/** Signed logarithmic counts by slot, not yet weighted by a training set, and the raw structured features. */
export interface Features extends SlotValues {
  /** Tokens of the ask, 600 at most. */
  tokens: number
  readonly structured: Float64Array
  /** The normalised, lower-case ask. */
  text: string
}

/** Turns asks into features. Its result is overwritten by the next ask; one per thread. */
export class FeatureExtractor {
  readonly #reader = new TextReader()
  readonly #counter = new SlotCounter()
  readonly #features: Features = {
    slots: new Uint16Array(mostSlots),
    values: new Float64Array(mostSlots),
    size: 0,
    tokens: 0,
    structured: new Float64Array(structuredSize),
    text: '',
  }

  extract(ask: string, shape: RequestShape): Features {
    const features = this.#features
    const text = normaliseAsk(ask).toLowerCase()
    const reading = this.#reader.read(text)
    this.#counter.count(reading.hashes, reading.tokens, features)
    readStructured(reading, text.length, shape, features.structured)
    features.tokens = reading.tokens
    features.text = text
    return features
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
