import { accepted, available, planned, plannedSwitch, type Setting } from './setting.ts'

const claims = { user_id: 'sub', email: 'email', display_name: 'name', team: null, org: null, role: null }

const oidcClaims = Object.entries(claims).map(([claim, standard]) =>
  planned(`oidc.${claim}_claim`, 'text', standard, `Claim with the ${claim.replace('_', ' ')}`, [
    `ROUTEIQ_OIDC_${claim.toUpperCase()}_CLAIM`,
  ]),
)

/** Keys, who may call, and which surfaces exist. */
export const accessSettings: readonly Setting[] = [
  available('security.admin_api_keys', 'list', [], 'Admin keys', ['ADMIN_API_KEYS']),
  available('security.admin_api_key', 'text', null, 'One more admin key', ['ADMIN_API_KEY']),
  available(
    'security.admin_auth_enabled',
    'boolean',
    true,
    '`false` opens the admin plane outside production',
    ['ADMIN_AUTH_ENABLED'],
  ),
  available(
    'security.key_prefix',
    'text',
    'sk-riq-',
    'Prefix of generated keys; starts with `sk-`',
    ['ROUTEIQ_KEY_PREFIX'],
    { example: 'sk-acme-' },
  ),
  available('security.require_auth', 'boolean', false, 'Never serves without a key, not even on loopback', [
    'ROUTEIQ_REQUIRE_AUTH',
  ]),
  available('security.insecure_no_auth', 'boolean', false, 'Allows an open data plane on any address', [
    'ROUTEIQ_INSECURE_NO_AUTH',
  ]),
  available('security.key_pepper', 'text', null, 'Switches new stored keys to HMAC-SHA-256', [
    'ROUTEIQ_KEY_PEPPER',
  ]),
  available(
    'security.encryption_key',
    'text',
    null,
    'Encrypts secrets in the database: 32 bytes in base64, or a file with them; of several, separated by commas, the first encrypts and all decrypt',
    ['ROUTEIQ_ENCRYPTION_KEY'],
    { example: 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=' },
  ),
  available(
    'security.trusted_proxies',
    'list',
    [],
    'Proxies, as addresses and CIDR ranges, whose `X-Forwarded-For` names the client',
    ['ROUTEIQ_TRUSTED_PROXIES'],
    { example: '10.0.0.0/8' },
  ),
  available(
    'security.cors_origins',
    'list',
    [],
    'Browser origins that may call, or `*`',
    ['ROUTEIQ_CORS_ORIGINS'],
    {
      example: 'https://app.example.org',
    },
  ),
  available('security.cors_credentials', 'boolean', false, 'Browsers may send credentials (never with `*`)', [
    'ROUTEIQ_CORS_CREDENTIALS',
  ]),
  available('management.rbac_enabled', 'boolean', false, 'Roles of users count on management paths', [
    'ROUTEIQ_MANAGEMENT_RBAC_ENABLED',
  ]),
  available(
    'management.otel_enabled',
    'boolean',
    true,
    'Spans of requests that change keys, teams, models and the like; `false` traces the others alone',
    ['ROUTEIQ_MANAGEMENT_OTEL_ENABLED'],
  ),
  available(
    'management.key_rotation_enabled',
    'boolean',
    false,
    'Gives keys with `auto_rotate` another text',
    ['ROUTEIQ_KEY_ROTATION_ENABLED'],
  ),
  available(
    'management.key_rotation_max_age_seconds',
    'integer',
    7_776_000,
    'Age at which keys without a `rotation_interval` rotate',
    ['ROUTEIQ_KEY_ROTATION_MAX_AGE_SECONDS'],
  ),
  available(
    'management.key_rotation_grace_period',
    'text',
    '7d',
    'How long the old text of a rotated key is still taken',
    ['LITELLM_KEY_ROTATION_GRACE_PERIOD'],
    { example: '24h' },
  ),
  plannedSwitch('admin_ui_enabled', 'Admin pages', ['ROUTEIQ_ADMIN_UI_ENABLED']),
  available(
    'process.admin_ui_url',
    'text',
    null,
    'Address of separately hosted admin pages, allowed for CORS',
    ['ROUTEIQ_ADMIN_UI_EXTERNAL_URL'],
    { example: 'https://admin.example.org' },
  ),
  available(
    'api_surfaces.bare_paths_enabled',
    'boolean',
    true,
    '`false` removes bare aliases of `/v1` paths',
    ['ROUTEIQ_API_SURFACE_BARE_PATHS'],
  ),
  available('api_surfaces.self_service_keys_enabled', 'boolean', true, 'Users may create their own keys', [
    'ROUTEIQ_SELF_SERVICE_KEYS',
  ]),
  available(
    'api_surfaces.persisted_spend_enabled',
    'boolean',
    true,
    '`false` removes the routes that report spend; it is still counted',
    ['ROUTEIQ_PERSISTED_SPEND'],
  ),
  plannedSwitch('oidc.enabled', 'Single sign-on', ['ROUTEIQ_OIDC_ENABLED']),
  planned('oidc.issuer_url', 'text', null, 'OIDC issuer', ['ROUTEIQ_OIDC_ISSUER_URL']),
  planned('oidc.client_id', 'text', null, 'OIDC client', ['ROUTEIQ_OIDC_CLIENT_ID']),
  planned('oidc.client_secret', 'text', null, 'OIDC client secret', ['ROUTEIQ_OIDC_CLIENT_SECRET']),
  ...oidcClaims,
  planned('oidc.role_mapping', 'json', {}, 'Group to role', ['ROUTEIQ_OIDC_ROLE_MAPPING']),
  planned('oidc.default_role', 'text', 'internal_user', 'Role of new users', ['ROUTEIQ_OIDC_DEFAULT_ROLE']),
  planned('oidc.allowed_email_domains', 'list', [], 'Domains that may sign in', [
    'ROUTEIQ_OIDC_ALLOWED_EMAIL_DOMAINS',
  ]),
  planned('oidc.redirect_uris', 'list', [], 'Redirect addresses'),
  planned('oidc.auto_provision_users', 'boolean', true, 'Creates users at first sign-in'),
  planned('oidc.session_ttl', 'integer', 1800, 'Session length in seconds'),
  planned('oidc.token_exchange_enabled', 'boolean', true, 'Exchanges tokens for keys'),
  planned('oidc.max_key_ttl_days', 'integer', 365, 'Longest life of an exchanged key'),
  planned('oidc.default_key_ttl_days', 'integer', 90, 'Usual life of an exchanged key'),
  plannedSwitch('scim.enabled', 'User provisioning', ['ROUTEIQ_SCIM_ENABLED']),
  planned('scim.bearer_token', 'text', null, 'Token of the provisioning client', [
    'ROUTEIQ_SCIM_BEARER_TOKEN',
  ]),
  accepted('secrets_vault.enabled', 'boolean', false, 'Secrets are read from no external store', [
    'ROUTEIQ_SECRETS_VAULT_ENABLED',
  ]),
  available(
    'process.egress_proxy',
    'text',
    null,
    'HTTP proxy that all calls to other servers take, in tunnels (`CONNECT`): `http://user:password@host:port`',
    ['ROUTEIQ_EGRESS_PROXY'],
    { example: 'http://proxy.example.org:3128' },
  ),
  available(
    'process.egress_no_proxy',
    'list',
    [],
    'What is called without that proxy: exact names, `*.x` or `.x`, addresses and CIDR networks; loopback always is',
    ['ROUTEIQ_EGRESS_NO_PROXY'],
    { example: '.example.org' },
  ),
]
