import type { OpenedBundle } from '@routeiq/router'
import { percent } from './routing-options.ts'

/** The agreement cascade of a bundle in one line; empty without one. */
export function describeCascade({ cascade }: Pick<OpenedBundle['manifest'], 'cascade'>): string {
  if (cascade === undefined || cascade === null) return ''
  const { first, second, strong, val_ratio, val_saved } = cascade
  return `agreement cascade: ${first} and ${second}, then ${strong}: ${percent(val_ratio)} of the best model's quality at ${percent(val_saved)} lower cost\n`
}
