import { describe, expect, it } from 'vitest'
import { compatibleVendors } from './compatible-vendors.ts'
import {
  findProvider,
  findWire,
  guessProvider,
  isKnownProvider,
  providersFromEnvironment,
  wireAvailability,
} from './registry.ts'
import { formatUpstreamModel } from './upstream-model.ts'

describe('the provider table', () => {
  it('has sound rows', () => {
    const ids = compatibleVendors.map((vendor) => vendor.id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const vendor of compatibleVendors) {
      expect(vendor.id).toMatch(/^[a-z0-9_]+$/)
      expect(findWire(vendor.wireId)?.id).toBe('openai')
      if (vendor.defaultBaseUrl === null) continue
      expect(vendor.defaultBaseUrl).toMatch(/^https?:\/\/\S+[^/]$/)
      const isLocal = vendor.defaultBaseUrl.startsWith('http://localhost:')
      expect(isLocal || vendor.defaultBaseUrl.startsWith('https://')).toBe(true)
    }
  })

  it('can be overridden for every vendor by its own variable', () => {
    const named = compatibleVendors.filter((vendor) => vendor.id !== 'vllm')
    for (const vendor of named)
      expect(vendor.baseUrlVariables).toContain(`${vendor.id.toUpperCase()}_API_BASE`)
  })
})

describe('the registry', () => {
  it('tells available, planned and unknown providers apart', () => {
    expect(wireAvailability('groq')).toBe('available')
    expect(wireAvailability('anthropic')).toBe('available')
    expect(wireAvailability('demo')).toBe('available')
    expect(wireAvailability('watsonx')).toBe('planned')
    expect(wireAvailability('nonesuch')).toBe('unknown')
    expect(isKnownProvider('azure')).toBe(true)
    expect(isKnownProvider('constructor')).toBe(false)
    expect(findProvider('nonesuch')).toBeNull()
    expect(findWire('watsonx')).toBeNull()
  })

  it.each([
    ['claude-opus-5', 'anthropic'],
    ['gpt-4.1', 'openai'],
    ['o3-mini', 'openai'],
    ['text-embedding-3-small', 'openai'],
    ['gemini-3-pro', 'gemini'],
    ['my-model', 'openai'],
  ])('guesses the provider of %s', (model, provider) => {
    expect(guessProvider(model)).toBe(provider)
  })

  it('finds the usable providers of an environment', () => {
    const found = providersFromEnvironment({
      GROQ_API_KEY: 'x',
      OPENAI_API_KEY: 'y',
      OPENAI_API_BASE: 'https://proxy.example.com',
      MISTRAL_API_KEY: ' ',
      OVHCLOUD_API_KEY: 'needs a base URL',
      DATABRICKS_API_KEY: 'z',
      DATABRICKS_API_BASE: 'https://w.example.com/serving-endpoints',
      AZURE_API_KEY: 'needs a base URL',
      CLOUDFLARE_API_KEY: 'needs an account',
      WATSONX_API_KEY: 'not available yet',
    })
    expect(
      found.map(({ provider, keyVariable, baseUrlVariable }) => [provider.id, keyVariable, baseUrlVariable]),
    ).toEqual([
      ['openai', 'OPENAI_API_KEY', 'OPENAI_API_BASE'],
      ['groq', 'GROQ_API_KEY', null],
      ['databricks', 'DATABRICKS_API_KEY', 'DATABRICKS_API_BASE'],
    ])
    expect(providersFromEnvironment({})).toEqual([])
    const cloudflare = { CLOUDFLARE_API_KEY: 'x', CLOUDFLARE_ACCOUNT_ID: 'y' }
    expect(providersFromEnvironment(cloudflare).map(({ provider }) => provider.id)).toEqual(['cloudflare'])
  })

  it('adds a vendor prefix once', () => {
    const fireworks = findProvider('fireworks_ai')!
    const full = 'accounts/fireworks/models/llama'
    expect(formatUpstreamModel(fireworks, 'llama')).toBe(full)
    expect(formatUpstreamModel(fireworks, full)).toBe(full)
    expect(formatUpstreamModel(fireworks, 'accounts/me/models/x')).toBe('accounts/me/models/x')
    expect(formatUpstreamModel(findProvider('openai')!, 'gpt-4o')).toBe('gpt-4o')
  })

  it('authenticates as each provider wants it', () => {
    const headers = (id: string, key: string | null) => {
      const provider = findProvider(id)!
      return findWire(provider.wireId)!.authHeaders(key, { provider })
    }
    expect(headers('groq', 'k')).toEqual(['authorization', 'Bearer k'])
    expect(headers('hosted_vllm', null)).toEqual([])
    expect(headers('demo', 'k')).toEqual([])
    expect(headers('anthropic', 'k')).toEqual(['x-api-key', 'k', 'anthropic-version', '2023-06-01'])
    expect(headers('anthropic', 'sk-ant-oat01-x').slice(0, 2)).toEqual([
      'authorization',
      'Bearer sk-ant-oat01-x',
    ])
  })
})
