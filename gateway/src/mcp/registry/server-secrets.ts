import type { McpOAuthSettings, McpServerSettings, ProgramLimits } from '../../config/config.ts'
import type { KeyRing } from '../../secrets/key-ring.ts'

type Secrets = Pick<McpServerSettings, 'authValue' | 'staticHeaders' | 'env'> & {
  readonly clientSecret: string | null
}

const noLimits: ProgramLimits = {
  ...{ memoryMb: null, cpuSeconds: null, openFiles: null, processes: null, fileMb: null },
}
const none: Secrets = { authValue: null, staticHeaders: {}, env: {}, clientSecret: null }
const noOAuth: Omit<McpOAuthSettings, 'clientSecret'> = {
  flow: 'authorization_code',
  authorizationUrl: null,
  tokenUrl: null,
  registrationUrl: null,
  scopes: [],
  clientId: null,
}

/** What older rows do not have. */
const olderRow = { oauth: noOAuth, isByok: false, runsAs: null, limits: noLimits, isEager: false }

/** Seals what is secret about tool servers, each bound to the row of its server. */
export class ServerSecrets {
  readonly #keyRing: KeyRing
  readonly #table: 'mcp_servers' | 'mcp_submissions'

  constructor(keyRing: KeyRing, table: 'mcp_servers' | 'mcp_submissions') {
    this.#keyRing = keyRing
    this.#table = table
  }

  /** Errors: 503 `encryption_not_configured` when there is something to seal and no key. */
  split({ authValue, staticHeaders, env, oauth, ...plain }: McpServerSettings): {
    readonly open: Readonly<Record<string, unknown>>
    readonly sealed: string | null
  } {
    const { clientSecret, ...openOAuth } = oauth
    const open = { ...plain, oauth: openOAuth }
    const isEmpty =
      authValue === null &&
      clientSecret === null &&
      Object.keys(staticHeaders).length === 0 &&
      Object.keys(env).length === 0
    if (isEmpty) return { open, sealed: null }
    const payload = JSON.stringify({ authValue, staticHeaders, env, clientSecret })
    return { open, sealed: this.#keyRing.seal({ table: this.#table, row: open.serverId }, payload) }
  }

  /** The settings as they were; null when they were sealed with a key that is not configured, or for another server. */
  join(open: Readonly<Record<string, unknown>>, sealed: string | null): McpServerSettings | null {
    const settings = { ...olderRow, ...open } as unknown as Omit<McpServerSettings, keyof Secrets>
    const secrets = sealed === null ? none : this.#open(settings.serverId, sealed)
    if (secrets === null) return null
    const { clientSecret, ...others } = secrets
    return { ...settings, ...others, oauth: { ...settings.oauth, clientSecret } }
  }

  #open(serverId: string, sealed: string): Secrets | null {
    const payload = this.#keyRing.open({ table: this.#table, row: serverId }, sealed)
    return payload === null ? null : { ...none, ...(JSON.parse(payload) as Secrets) }
  }
}
