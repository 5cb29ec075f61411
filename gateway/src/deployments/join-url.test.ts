import { describe, expect, it } from 'vitest'
import { findProvider, findWire } from '../providers/registry.ts'
import { joinUrl } from './join-url.ts'

function join(base: string, providerId = 'openai') {
  const provider = findProvider(providerId)
  const wire = provider === null ? null : findWire(provider.wireId)
  if (provider === null || wire === null) throw new Error(`no wire for ${providerId}`)
  return joinUrl(base, provider, wire, { upstreamModel: 'm', apiVersion: null })
}

describe('joinUrl', () => {
  it.each([
    ['https://api.openai.com/v1', 'openai', 'https://api.openai.com', '/v1/chat/completions'],
    ['https://api.openai.com/v1/', 'openai', 'https://api.openai.com', '/v1/chat/completions'],
    ['https://api.openai.com', 'openai', 'https://api.openai.com', '/v1/chat/completions'],
    ['https://api.openai.com//', 'openai', 'https://api.openai.com', '/v1/chat/completions'],
    ['http://localhost:8000', 'hosted_vllm', 'http://localhost:8000', '/v1/chat/completions'],
    ['http://localhost:8000/v1', 'hosted_vllm', 'http://localhost:8000', '/v1/chat/completions'],
    ['https://openrouter.ai/api', 'openrouter', 'https://openrouter.ai', '/api/v1/chat/completions'],
    ['https://api.z.ai/api/paas/v4', 'zai', 'https://api.z.ai', '/api/paas/v4/chat/completions'],
    ['https://ark.example.com/api/v3/', 'volcengine', 'https://ark.example.com', '/api/v3/chat/completions'],
    [
      'https://api.deepinfra.com/v1/openai',
      'deepinfra',
      'https://api.deepinfra.com',
      '/v1/openai/chat/completions',
    ],
    ['https://api.deepseek.com', 'deepseek', 'https://api.deepseek.com', '/chat/completions'],
    ['https://api.deepseek.com/v1', 'deepseek', 'https://api.deepseek.com', '/v1/chat/completions'],
    ['https://proxy.example.com/llm', 'openai', 'https://proxy.example.com', '/llm/chat/completions'],
    ['https://x.example.com/v1/chat/completions', 'openai', 'https://x.example.com', '/v1/chat/completions'],
    ['https://api.anthropic.com', 'anthropic', 'https://api.anthropic.com', '/v1/messages'],
    ['https://api.anthropic.com/v1/', 'anthropic', 'https://api.anthropic.com', '/v1/messages'],
    ['https://api.minimax.io/anthropic', 'anthropic', 'https://api.minimax.io', '/anthropic/v1/messages'],
    ['https://x.example.com/v1/messages', 'anthropic', 'https://x.example.com', '/v1/messages'],
  ])('joins %s for %s', (base, provider, origin, path) => {
    const joined = join(base, provider)
    expect(joined.origin).toBe(origin)
    expect(joined.paths.chat).toBe(path)
  })

  it('uses a full path as is and finds its neighbours', () => {
    const joined = join('https://x.example.com/v1/chat/completions/')
    expect(joined.paths).toEqual({
      chat: '/v1/chat/completions',
      chatStream: '/v1/chat/completions',
      completion: '/v1/completions',
      embedding: '/v1/embeddings',
    })
    expect(joined.apiBase).toBe('https://x.example.com/v1')
  })

  it('sends a query with every call and does not show it', () => {
    const joined = join('https://x.example.com/v1?key=secret')
    expect(joined.paths.embedding).toBe('/v1/embeddings?key=secret')
    expect(joined.apiBase).toBe('https://x.example.com/v1')
  })

  it('has no path for operations the wire lacks', () => {
    expect(join('https://api.anthropic.com', 'anthropic').paths.embedding).toBeNull()
  })

  it('answers text completions by chat where the wire lacks them', () => {
    expect(join('https://api.anthropic.com', 'anthropic').paths.completion).toBe('/v1/messages')
  })

  it.each(['not a url', 'ftp://x.example.com', 'https://user:secret@x.example.com'])('refuses %s', (base) => {
    expect(() => join(base)).toThrow()
    expect(() => join(base)).not.toThrow(/secret/)
  })
})
