import { centroidOf, cosine } from './centroid.ts'
import type { ModelInfo, Scorer } from './scorer.ts'

/** Asks of one kind by example, and the models for them. */
export interface Intent {
  readonly name: string
  readonly examples: readonly string[]
  readonly models: readonly string[]
}

export interface IntentOptions {
  readonly intents: readonly Intent[]
  /** An ask less like every intent is of none, and the inner scorer chooses among all models. */
  readonly similarityThreshold: number
}

/** The models of the intent whose examples the ask is most like; the inner scorer chooses among them. */
export function createIntentScorer(inner: Scorer, { intents, similarityThreshold }: IntentOptions): Scorer {
  const examples = intents.flatMap((intent) =>
    intent.examples.map((example) => ({ intent, direction: centroidOf([example]) })),
  )
  return {
    ...inner,
    name: 'llmrouter-semantic-intent',
    score(features, context, models, out) {
      inner.score(features, context, models, out)
      let best: { readonly intent: Intent; readonly likeness: number } | null = null
      for (const { intent, direction } of examples) {
        const likeness = cosine(features, direction)
        if (likeness >= similarityThreshold && likeness > (best?.likeness ?? -1)) best = { intent, likeness }
      }
      const pool = best === null ? [] : positionsOf(models, best.intent.models)
      if (best === null || pool.length === 0) return
      out.pool = pool
      out.reasons.push(`intent:${best.intent.name}`)
    },
  }
}

function positionsOf(models: readonly ModelInfo[], names: readonly string[]): number[] {
  return models.flatMap(({ name, aliases }, at) =>
    names.includes(name) || aliases.some((alias) => names.includes(alias)) ? [at] : [],
  )
}
