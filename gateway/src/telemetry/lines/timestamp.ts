let second = Number.NaN
let prefix = ''

/**
 * RFC 3339 in UTC with milliseconds, from epoch milliseconds. Lines of one second share the formatted prefix, which
 * makes this some ten times cheaper than `Date`. Throws RangeError for what is no date.
 */
export function formatTimestamp(epochMs: number): string {
  const whole = Math.trunc(epochMs)
  const wholeSecond = Math.floor(whole / 1000)
  if (wholeSecond !== second) {
    prefix = new Date(wholeSecond * 1000).toISOString().slice(0, -4)
    second = wholeSecond
  }
  const milliseconds = whole - wholeSecond * 1000
  if (milliseconds > 99) return `${prefix}${milliseconds}Z`
  return milliseconds > 9 ? `${prefix}0${milliseconds}Z` : `${prefix}00${milliseconds}Z`
}
