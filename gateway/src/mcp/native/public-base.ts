import type { Exchange } from '../../http/exchange.ts'

/** Where clients reach the gateway, without a slash at the end. */
export function publicBase(
  exchange: Exchange,
  { publicUrl, rootPath }: { readonly publicUrl: string | null; readonly rootPath: string },
): string {
  const base = publicUrl ?? `http://${exchange.header('host') ?? 'localhost'}${rootPath}`
  return base.replace(/\/+$/, '')
}
