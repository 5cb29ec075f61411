import type { Exchange } from './exchange.ts'

/** Google's clients may send their key as `?key=`. It goes no further: targets are neither logged nor sent upstream. */
export function acceptQueryKey(exchange: Exchange, query: URLSearchParams): void {
  const key = query.get('key')
  if (key !== null && key !== '') exchange.queryKey = key
}
