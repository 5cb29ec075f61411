import type { GatewayConfig } from '../config.ts'
import type { Diagnostic } from '../diagnostics.ts'

type OpenModeConfig = Pick<GatewayConfig, 'identity'> & {
  readonly server: Pick<GatewayConfig['server'], 'host'>
}

const howToClose = 'set LITELLM_MASTER_KEY, or listen on 127.0.0.1, or allow it with --insecure-no-auth'

/**
 * What the gateway may do without any key. With an error it must not start. Only for a configuration that will
 * really be served without a key: a start that generates a master key has one.
 */
export function checkOpenMode(config: OpenModeConfig): readonly Diagnostic[] {
  return [...checkDataPlane(config), ...checkAdminPlane(config)]
}

function checkDataPlane({ identity, server }: OpenModeConfig): readonly Diagnostic[] {
  if (identity.masterKey !== null || identity.adminKeys.length > 0) return []
  const path = 'general_settings.master_key'
  if (isProduction(identity.environment)) {
    return [
      failure(
        path,
        'no key is configured; ROUTEIQ_ENV=production refuses to serve without one',
        'set LITELLM_MASTER_KEY',
      ),
    ]
  }
  if (identity.requireAuth) {
    return [
      failure(
        path,
        'no key is configured, and ROUTEIQ_REQUIRE_AUTH forbids serving without one',
        'set LITELLM_MASTER_KEY',
      ),
    ]
  }
  if (isLoopback(server.host))
    return [caution(path, 'no key is configured: every local program may call the models')]
  if (identity.insecureNoAuth) {
    return [caution(path, `no key is configured: everyone who reaches ${server.host} may call the models`)]
  }
  return [
    failure(path, `no key is configured, and ${server.host} can be reached from other machines`, howToClose),
  ]
}

function checkAdminPlane({ identity }: OpenModeConfig): readonly Diagnostic[] {
  if (identity.adminAuthEnabled) return []
  const path = 'ADMIN_AUTH_ENABLED'
  if (identity.environment === null || isProduction(identity.environment)) {
    const hint = 'set ROUTEIQ_ENV=development to open it, or remove ADMIN_AUTH_ENABLED=false'
    return [
      caution(
        path,
        'admin authentication is off; without a non-production ROUTEIQ_ENV admin paths answer 403',
        hint,
      ),
    ]
  }
  return [caution(path, 'admin authentication is off: everyone may change the gateway')]
}

function isProduction(environment: string | null): boolean {
  return environment === 'production'
}

/** `localhost`, 127.0.0.0/8 and ::1. */
function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase()
  return bare === 'localhost' || bare === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(bare)
}

function failure(path: string, message: string, hint: string): Diagnostic {
  return { severity: 'error', path, message, hint }
}

function caution(path: string, message: string, hint = howToClose): Diagnostic {
  return { severity: 'warning', path, message, hint }
}
