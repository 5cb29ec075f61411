import {
  createScorer,
  defaultStrategy,
  type JudgedAsk,
  type Profile,
  type ScorerParts,
  type TrainedParts,
} from '@routeiq/router'

type Scorer = ReturnType<typeof createScorer>['scorer']

/** A strategy as it will run. */
export interface ResolvedScorer {
  readonly requested: string
  readonly scorer: Scorer
  readonly fallbackReason: string | null
  /** λ by profile as the bundle measured them; null without a bundle. */
  readonly fitted: FittedLambdas | null
  readonly bundleId: string | null
  /** The first model of the configuration is taken, whatever the scores. */
  readonly isStatic: boolean
}

type Args = Readonly<Record<string, unknown>>

/** λ by profile. */
export type FittedLambdas = Readonly<Partial<Record<Profile, number>>>

/** What was trained, and is in force: swapped as one object. */
export interface TrainedScorers {
  readonly bundleId: string
  readonly parts: TrainedParts
  /** By strategy. */
  readonly fitted: ReadonlyMap<string, FittedLambdas>
}

/** Arguments that cannot be used were reported when the configuration was read; the default then decides. */
function createSafely(
  strategy: string,
  args: Args,
  parts: ScorerParts,
): Pick<ResolvedScorer, 'scorer' | 'fallbackReason'> {
  try {
    return createScorer(strategy, args, parts)
  } catch {
    return { ...createScorer(defaultStrategy, {}, parts), fallbackReason: 'invalid_arguments' }
  }
}

/** Makes scorers of strategy names and keeps them while their arguments are the same. */
export class Scorers {
  readonly #rewards: ScorerParts['rewards']
  #trained: TrainedScorers | null = null
  #made = new Map<string, Map<Args, ResolvedScorer>>()
  #learners = 0

  /** `rewards` is what live outcomes came to; null where nothing is learned. */
  constructor(rewards: ScorerParts['rewards']) {
    this.#rewards = rewards
  }

  /** Puts other trained scorers in force; what was made before is made anew. */
  swap(trained: TrainedScorers | null): void {
    this.#trained = trained
    this.#made = new Map()
  }

  /** How many that learn by ask have been made; 0 when nothing does. */
  get learners(): number {
    return this.#learners
  }

  /** Teaches them: they begin anew from training with these outcomes on top. */
  absorb(outcomes: readonly JudgedAsk[]): void {
    for (const byArgs of this.#made.values())
      for (const { scorer } of byArgs.values()) scorer.absorb?.(outcomes)
  }

  get trained(): TrainedScorers | null {
    return this.#trained
  }

  resolve(strategy: string, args: Args, usePrior: boolean): ResolvedScorer {
    const key = `${usePrior ? 'prior' : 'bare'}:${strategy}`
    let byArgs = this.#made.get(key)
    if (byArgs === undefined) {
      byArgs = new Map()
      this.#made.set(key, byArgs)
    }
    const known = byArgs.get(args)
    if (known !== undefined) return known
    // Arguments are one object for each configuration; old ones are not kept for long.
    if (byArgs.size >= 64) byArgs.clear()
    const resolved = this.#make(strategy, args, usePrior)
    byArgs.set(args, resolved)
    return resolved
  }

  #make(strategy: string, args: Args, usePrior: boolean): ResolvedScorer {
    const parts = { trained: this.#trained?.parts ?? null, usePrior, rewards: this.#rewards }
    const created = createSafely(strategy, args, parts)
    if (created.scorer.absorb !== undefined) this.#learners++
    return {
      requested: strategy,
      scorer: created.scorer,
      fallbackReason: created.fallbackReason,
      fitted:
        this.#trained?.fitted.get(created.scorer.name) ?? this.#trained?.fitted.get(defaultStrategy) ?? null,
      bundleId: this.#trained?.bundleId ?? null,
      isStatic: false,
    }
  }
}
