import type { Exchange } from '../../http/exchange.ts'

interface ServerAddress {
  readonly publicUrl: string | null
  readonly rootPath: string
}

/** Where clients reach the gateway, without a slash at the end. */
export function publicBase(exchange: Exchange, server: ServerAddress): string {
  return publicBaseOf(exchange.header('host'), server)
}

/** The same by the `Host` of a request. */
export function publicBaseOf(host: string | null, { publicUrl, rootPath }: ServerAddress): string {
  const base = publicUrl ?? `http://${host ?? 'localhost'}${rootPath}`
  return base.replace(/\/+$/, '')
}
