import { expect, it } from 'vitest'
import { findProvider } from '../providers/registry.ts'
import { fillBase } from './fill-base.ts'

const fill = (id: string, account = {}) => {
  const provider = findProvider(id)
  if (provider === null) throw new Error(`no provider ${id}`)
  return fillBase(provider, account)
}

it('puts the account into the address, encoded', () => {
  expect(fill('cloudflare', { cloudflare_account_id: 'a/b' })).toBe(
    'https://api.cloudflare.com/client/v4/accounts/a%2Fb/ai/v1',
  )
  expect(() => fill('cloudflare')).toThrow('`cloudflare_account_id` (or CLOUDFLARE_ACCOUNT_ID)')
})

it('leaves other addresses as they are', () => {
  expect(fill('groq')).toBe('https://api.groq.com/openai/v1')
  expect(fill('databricks')).toBeNull()
})
