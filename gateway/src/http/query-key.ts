import type { Exchange } from './exchange.ts'

/**
 * Google's clients may send their key as `?key=`. On their routes it counts as the header of the same meaning, after
 * every other credential, and goes no further: targets are neither logged nor sent upstream.
 */
export function acceptQueryKey({ request }: Exchange, query: URLSearchParams): void {
  const key = query.get('key')
  if (key !== null && key !== '') request.headers['x-goog-api-key'] ??= key
}
