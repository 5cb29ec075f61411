const nanoPerUsd = 1e9

/** Whole nano-dollars, as many as numbers hold exactly. */
export const toNanoUsd = (usd: number): number =>
  Math.min(Number.MAX_SAFE_INTEGER, Math.round(usd * nanoPerUsd))

export const toUsd = (nano: number): number => nano / nanoPerUsd
