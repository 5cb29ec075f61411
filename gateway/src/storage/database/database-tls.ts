import { DatabaseError, type PoolConfig } from 'pg'

/** The modes of libpq. */
export type SslMode = 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full'

/** One way to connect. */
export interface TlsChoice {
  /** Null leaves it to the URL. */
  readonly ssl: NonNullable<PoolConfig['ssl']> | null
  /** Whether it is tried after this failure of the way before it. */
  readonly follows: (error: unknown) => boolean
}

const never = (): boolean => false
const plain: TlsChoice = { ssl: false, follows: isTlsMissing }
/** Encrypted, with whoever answers. */
const unchecked: TlsChoice = { ssl: { rejectUnauthorized: false }, follows: isPlainRefused }

const choicesOf: Readonly<Record<SslMode, readonly [TlsChoice, TlsChoice?]>> = {
  disable: [plain],
  allow: [plain, unchecked],
  prefer: [unchecked, plain],
  require: [unchecked],
  'verify-ca': [{ ssl: { rejectUnauthorized: true, checkServerIdentity: () => undefined }, follows: never }],
  'verify-full': [{ ssl: { rejectUnauthorized: true }, follows: never }],
}

/** How a database is reached, the wanted way first. What the URL says of TLS counts before the mode. */
export function tlsChoices({
  url,
  sslMode,
}: {
  readonly url: string
  readonly sslMode?: SslMode
}): readonly [TlsChoice, TlsChoice?] {
  if (sslMode === undefined || /[?&](?:ssl|sslmode|sslrootcert|sslcert|sslkey)=/.test(url))
    return [{ ssl: null, follows: never }]
  return choicesOf[sslMode]
}

/** The driver has no code for a server that answers the question for TLS with no. */
export function isTlsMissing(error: unknown): boolean {
  return error instanceof Error && error.message === 'The server does not support SSL connections'
}

/** `pg_hba.conf` has no line for connections without TLS. */
function isPlainRefused(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === '28000'
}
