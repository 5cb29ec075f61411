import type { GatewayConfig } from '../config/config.ts'
import type { ConfigFlags } from '../config/config-flags.ts'
import type { Diagnostic } from '../config/diagnostics.ts'
import type { ConfigDocument } from '../config/load-config.ts'
import type { OpenConfigSync } from './config-sync.ts'
import type { Stores } from './hub.ts'
import type { Environment } from './load-runtime.ts'
import type { MasterKey } from './master-key.ts'

/** What a start knows before anything serves. */
export interface Startup {
  readonly config: GatewayConfig
  /** What was fetched in place of the file. */
  readonly document: ConfigDocument | null
  readonly flags: ConfigFlags
  readonly env: Environment
  readonly diagnostics: readonly Diagnostic[]
  /** What to watch for changes. */
  readonly files: readonly string[]
  readonly masterKey: MasterKey | null
}

/** What the process that serves alone, or the primary, has opened for the start. */
export interface OwnedParts {
  readonly stores: Stores
  readonly configSync: OpenConfigSync
}
