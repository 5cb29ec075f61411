import { describe, expect, it } from 'vitest'
import { loadFiles, loadText } from '../load-for-test.ts'
import { checkOpenMode } from './check-open-mode.ts'

const longKey = `sk-${'k'.repeat(40)}`

describe('checkOpenMode', () => {
  it.each([
    ['any address', {}, 'error'],
    ['loopback', { HOST: '127.0.0.1' }, 'warning'],
    ['loopback by name', { HOST: 'localhost' }, 'warning'],
    ['IPv6 loopback', { HOST: '[::1]' }, 'warning'],
    ['a look-alike name', { HOST: '127.0.0.1.example.org' }, 'error'],
    ['explicit permission', { ROUTEIQ_INSECURE_NO_AUTH: 'true' }, 'warning'],
    ['permission in production', { ROUTEIQ_INSECURE_NO_AUTH: 'true', ROUTEIQ_ENV: 'production' }, 'error'],
    ['loopback in production', { HOST: '::1', ROUTEIQ_ENV: 'Production' }, 'error'],
    ['loopback with required keys', { HOST: '::1', ROUTEIQ_REQUIRE_AUTH: 'true' }, 'error'],
    ['permission with required keys', { ROUTEIQ_INSECURE_NO_AUTH: '1', ROUTEIQ_REQUIRE_AUTH: '1' }, 'error'],
    ['a master key', { LITELLM_MASTER_KEY: longKey }, undefined],
    ['an admin key', { ADMIN_API_KEY: longKey }, undefined],
  ])('%s', (_name, env, severity) => {
    expect(checkOpenMode(loadText('', env).config)[0]?.severity).toBe(severity)
  })

  it('says how to fix it', () => {
    expect(checkOpenMode(loadText('').config)[0]?.hint).toMatch(
      /LITELLM_MASTER_KEY.*127\.0\.0\.1.*--insecure-no-auth/,
    )
  })

  it.each([[undefined], ['production'], ['development']])(
    'warns about open admin paths with environment %s',
    (value) => {
      const env = {
        ADMIN_AUTH_ENABLED: 'false',
        LITELLM_MASTER_KEY: longKey,
        ...(value ? { ROUTEIQ_ENV: value } : {}),
      }
      const [found] = checkOpenMode(loadText('', env).config)
      expect(found).toMatchObject({ severity: 'warning', path: 'ADMIN_AUTH_ENABLED' })
      expect(found?.message.includes('403')).toBe(value !== 'development')
    },
  )
})

describe('start-up secrets', () => {
  it.each([
    ['sk-1234', 'LITELLM_MASTER_KEY'],
    ['sk-tooshort', 'LITELLM_MASTER_KEY'],
    ['sk-1234', 'ADMIN_API_KEYS'],
  ])('%s in %s warns, and stops production', (key, name) => {
    expect(loadText('', { [name]: key }).diagnostics).toMatchObject([{ severity: 'warning' }])
    expect(loadFiles({ env: { [name]: key, ROUTEIQ_ENV: 'production' } }).config).toBeNull()
  })

  it('accepts a long key in production', () => {
    expect(loadText('', { LITELLM_MASTER_KEY: longKey, ROUTEIQ_ENV: 'production' }).diagnostics).toEqual([])
  })

  it('never prints the key', () => {
    const key = 'sk-secret-value'
    expect(JSON.stringify(loadText('', { LITELLM_MASTER_KEY: key }).diagnostics)).not.toContain(key)
  })
})
