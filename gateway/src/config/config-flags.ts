/** Command-line flags that change the configuration; absent means not given. */
export interface ConfigFlags {
  readonly config?: string
  readonly host?: string
  readonly port?: number
  readonly workers?: number
  readonly dataDir?: string
  readonly debug?: boolean
  /** Serves this one model and no file. */
  readonly model?: string
  readonly dropParams?: boolean
  readonly requestTimeoutSeconds?: number
  readonly tlsKeyFile?: string
  readonly tlsCertFile?: string
  readonly insecureNoAuth?: boolean
}

/** The flags that set a registered setting, by its id. */
export function flagSettings(flags: ConfigFlags): ReadonlyMap<string, unknown> {
  const entries: [string, unknown][] = [
    ['host', flags.host],
    ['port', flags.port],
    ['workers', flags.workers],
    ['data_dir', flags.dataDir],
    ['debug', flags.debug],
    ['security.insecure_no_auth', flags.insecureNoAuth],
  ]
  return new Map(entries.filter(([, value]) => value !== undefined))
}
