import type { IdentityConfig } from '../config.ts'
import type { ConfigSections } from './config-sections.ts'
import { readEncryptionKeys } from './encryption-keys.ts'

const defaultKeyCacheMs = 60_000

/** Keys and the rules about them. */
export function readIdentityConfig(
  { general, settings, report }: ConfigSections,
  readFile: (path: string) => string | null,
): IdentityConfig {
  const keyPrefix = settings.text('security.key_prefix') ?? 'sk-riq-'
  if (!keyPrefix.startsWith('sk-')) {
    report.fatal(
      'ROUTEIQ_KEY_PREFIX',
      'the prefix of generated keys should start with sk-',
      'for example sk-acme-',
    )
  }
  return {
    masterKey: settings.text('general_settings.master_key'),
    encryptionKeys: readEncryptionKeys(settings.text('security.encryption_key'), readFile, report),
    saltKey: settings.text('process.salt_key'),
    adminKeys: readAdminKeys(
      settings.list('security.admin_api_keys'),
      settings.text('security.admin_api_key'),
    ),
    adminAuthEnabled: settings.boolean('security.admin_auth_enabled'),
    requireAuth: settings.boolean('security.require_auth'),
    insecureNoAuth: settings.boolean('security.insecure_no_auth'),
    keyPrefix,
    keyPepper: settings.text('security.key_pepper'),
    keyHeaderName: general.text('litellm_key_header_name'),
    keyCacheTtlMs: general.milliseconds('user_api_key_cache_ttl') ?? defaultKeyCacheMs,
    allowRequestsOnDbUnavailable: general.boolean('allow_requests_on_db_unavailable') ?? false,
    environment: settings.text('env')?.toLowerCase() ?? null,
    allowedIps: general.textList('allowed_ips'),
    routes: {
      adminOnly: general.textList('admin_only_routes'),
      publicRoutes: general.textList('public_routes'),
      allowed: general.textList('allowed_routes'),
    },
  }
}

function readAdminKeys(keys: readonly string[], key: string | null): readonly string[] {
  return [...new Set(key === null ? keys : [...keys, key])]
}
