import { randomBytes } from 'node:crypto'
import { GatewayError } from '@routeiq/contract'
import type { McpOAuthSettings, McpServerSettings } from '../../config/config.ts'
import { BlobSealer } from '../../conversation/blob-sealer.ts'

type Secrets = Pick<McpServerSettings, 'authValue' | 'staticHeaders' | 'env'> & {
  readonly clientSecret: string | null
}

const none: Secrets = { authValue: null, staticHeaders: {}, env: {}, clientSecret: null }
/** What rows from before there was signing in do not have. */
const noOAuth: Omit<McpOAuthSettings, 'clientSecret'> = {
  flow: 'authorization_code',
  authorizationUrl: null,
  tokenUrl: null,
  registrationUrl: null,
  scopes: [],
  clientId: null,
}

/** Seals what is secret about tool servers, each bound to the row of its server. */
export class ServerSecrets {
  readonly #sealer: BlobSealer | null

  /** Null when the operator configured neither a salt nor a master key: then nothing secret is taken. */
  constructor(secret: string | null) {
    this.#sealer = secret === null ? null : new BlobSealer(secret, randomBytes)
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
    if (this.#sealer === null) {
      throw new GatewayError(
        'encryption_not_configured',
        'Credentials of tool servers are kept encrypted, and there is no key to do so. Set LITELLM_SALT_KEY.',
      )
    }
    const payload = JSON.stringify({ authValue, staticHeaders, env, clientSecret })
    const blob = { form: 'mcp', family: 'server', account: open.serverId, payload } as const
    return { open, sealed: this.#sealer.seal(blob) }
  }

  /** The settings as they were; null when they were sealed with another key or for another server. */
  join(open: Readonly<Record<string, unknown>>, sealed: string | null): McpServerSettings | null {
    const settings = { oauth: noOAuth, isByok: false, ...open } as unknown as Omit<
      McpServerSettings,
      keyof Secrets
    >
    const secrets = sealed === null ? none : this.#open(settings.serverId, sealed)
    if (secrets === null) return null
    const { clientSecret, ...others } = secrets
    return { ...settings, ...others, oauth: { ...settings.oauth, clientSecret } }
  }

  #open(serverId: string, sealed: string): Secrets | null {
    const blob = this.#sealer?.open(sealed) ?? null
    if (blob === null || blob.family !== 'server' || blob.account !== serverId) return null
    return { ...none, ...(JSON.parse(blob.payload) as Secrets) }
  }
}
