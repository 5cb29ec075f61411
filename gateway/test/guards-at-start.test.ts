import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { startGateway } from './harness/start-gateway.ts'

const modules = fileURLToPath(new URL('./plugin-modules', import.meta.url))
const reference = 'litellm_llmrouter.gateway.plugins.'

it.each([
  [
    'is not on the allow-list',
    { LLMROUTER_PLUGINS: `${reference}pii_guard.PIIGuard`, LLMROUTER_PLUGINS_ALLOWLIST: 'cache' },
    'PIIGuard is not on LLMROUTER_PLUGINS_ALLOWLIST, and the gateway does not start without it',
  ],
  [
    'may not have its capability',
    { LLMROUTER_PLUGINS: `${modules}/sentry.js`, LLMROUTER_PLUGINS_ALLOWED_CAPABILITIES: 'ROUTES' },
    'sentry.js may not be passed over and is rejected: LLMROUTER_PLUGINS_ALLOWED_CAPABILITIES does not allow GUARDRAIL',
  ],
  [
    'does not start',
    { LLMROUTER_PLUGINS: `${modules}/sentry.js` },
    'the plugin sentry could not start: there is no list of what is forbidden',
  ],
])('a gateway does not start without a guard that %s', async (_, env, reason) => {
  await expect(startGateway({ config: {}, env })).rejects.toThrow(reason)
})
