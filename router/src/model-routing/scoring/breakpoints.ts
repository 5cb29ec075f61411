/** Points between which a value is read off a straight line, x ascending, y never falling; flat beyond the ends. */
export interface Breakpoints {
  readonly x: readonly number[]
  readonly y: readonly number[]
}

/** The calibrated value. */
export function readOff({ x, y }: Breakpoints, value: number): number {
  const { length } = x
  if (length === 0) return value
  if (value <= (x[0] as number)) return y[0] as number
  let at = 1
  while (at < length && value > (x[at] as number)) at++
  if (at === length) return y[length - 1] as number
  const [left, right] = [x[at - 1] as number, x[at] as number]
  const share = right > left ? (value - left) / (right - left) : 1
  return (y[at - 1] as number) + share * ((y[at] as number) - (y[at - 1] as number))
}
