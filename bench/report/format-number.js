/**
 * Three significant digits, thin enough for a table.
 * @param {number} value
 */
export function formatNumber(value) {
  if (!Number.isFinite(value)) return String(value)
  if (Math.abs(value) >= 100) return String(Math.round(value))
  return value.toPrecision(3)
}

/**
 * @param {import('../measure/statistics.js').Spread} spread
 * @returns {string} `median (min–max)`
 */
export function formatSpread({ median, min, max }) {
  return `${formatNumber(median)} (${formatNumber(min)}–${formatNumber(max)})`
}
