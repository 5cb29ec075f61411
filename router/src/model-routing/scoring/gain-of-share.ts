/** Every gain lies above it, qualities being from 0 to 1. */
const leastGain = -1
/** A share of asks is a number of them, but for the rounding of floating point. */
const rounding = 1e-9

/**
 * The gain that `share` of the asks, and no more, lie above. `gains` are those of a strong model over a weak one, ascending and not
 * empty.
 */
export function gainOfShare(gains: ArrayLike<number>, share: number): number {
  const below = gains.length - Math.floor(share * gains.length + rounding)
  return below === 0 ? leastGain : (gains[below - 1] as number)
}
