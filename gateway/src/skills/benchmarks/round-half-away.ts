/**
 * Rounds to `places` decimals, halves away from zero, on the number as it is written: 2.45 becomes 2.5 although its
 * binary form lies below. Runners in other languages round so, and their figures must agree with ours.
 */
export function roundHalfAway(value: number, places: number): number {
  const magnitude = Math.abs(value)
  const shifted = Math.round(shift(magnitude, places))
  const rounded = shift(shifted, -places)
  return value < 0 && rounded !== 0 ? -rounded : rounded
}

/** Moves the decimal point in the text of a number, which no binary fraction disturbs. */
function shift(value: number, places: number): number {
  const [digits = '0', exponent = '0'] = String(value).split('e')
  return Number(`${digits}e${Number(exponent) + places}`)
}
