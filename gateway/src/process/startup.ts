import type { GatewayConfig } from '../config/config.ts'
import type { ConfigFlags } from '../config/config-flags.ts'
import type { Diagnostic } from '../config/diagnostics.ts'
import type { Environment } from './load-runtime.ts'
import type { MasterKey } from './master-key.ts'

/** What a start knows before anything is opened. */
export interface Startup {
  readonly config: GatewayConfig
  readonly flags: ConfigFlags
  readonly env: Environment
  readonly diagnostics: readonly Diagnostic[]
  /** What to watch for changes. */
  readonly files: readonly string[]
  readonly masterKey: MasterKey | null
}
