/**
 * Two cheap models are asked at once; where their answers differ the strong one answers. Positions of three models, and from
 * where on the strong one comes into question.
 */
export interface AgreementCascade {
  readonly first: number
  readonly second: number
  readonly strong: number
  /** By how much the strong model has to be expected to beat the better of the two for more than that one to be asked. */
  readonly leastGain: number
}

/** Below every difference of two qualities: the strong model always comes into question. */
export const anyGain = -2

/**
 * The better of the two cheap models, where it is expected to do as well as all three: had the two not agreed, its own answer would
 * have stood, so that the other need not be asked. Null where the cascade is worth its calls. `quality` is by position.
 */
export function findEnough(
  quality: ArrayLike<number>,
  { first, second, strong, leastGain }: AgreementCascade,
): number | null {
  const better = (quality[first] as number) >= (quality[second] as number) ? first : second
  return (quality[strong] as number) - (quality[better] as number) > leastGain ? null : better
}
