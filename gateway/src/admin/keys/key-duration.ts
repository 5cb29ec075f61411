const unitMs: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

const form = /^(\d+)(s|m|h|d|w|mo)$/

/** Whether a text is a number and a unit: `30s`, `15m`, `12h`, `30d`, `2w`, `1mo`. */
export function isDuration(text: string): boolean {
  return form.test(text)
}

/** The time a duration such as `30d` or `1mo` ends, epoch milliseconds. Months are calendar months in UTC. */
export function addDuration(now: number, duration: string): number {
  const match = form.exec(duration)
  if (match === null) throw new RangeError(`not a duration: ${duration}`)
  const count = Number(match[1])
  const unit = match[2] as string
  if (unit !== 'mo') return now + count * (unitMs[unit] as number)
  const date = new Date(now)
  const day = date.getUTCDate()
  date.setUTCDate(1)
  date.setUTCMonth(date.getUTCMonth() + count)
  const lastDay = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()
  date.setUTCDate(Math.min(day, lastDay))
  return date.getTime()
}
