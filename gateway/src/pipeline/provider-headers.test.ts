import { describe, expect, it } from 'vitest'
import type { DialectId } from '../conversation/dialect.ts'
import { HeaderFields } from '../http1/header-fields.ts'
import { echoProviderHeaders } from './provider-headers.ts'
import { parseHead } from './testing/parse-head.ts'

const echo = (headers: Record<string, string>, dialect: DialectId = 'openai-chat'): string =>
  echoProviderHeaders(HeaderFields.from(headers), Date.UTC(2026, 0, 1), dialect)

describe('headers of the provider', () => {
  it('are repeated under another name', () => {
    expect(parseHead(echo({ 'x-request-id': 'up-1', server: 'x' }))).toEqual({
      'llm_provider-x-request-id': 'up-1',
      'llm_provider-server': 'x',
    })
  })

  it('about the connection, cookies and credentials stay here', () => {
    const private_ = [
      'connection',
      'keep-alive',
      'te',
      'trailer',
      'transfer-encoding',
      'upgrade',
      'content-length',
    ]
    const secret = ['set-cookie', 'set-cookie2', 'www-authenticate', 'proxy-authenticate', 'authorization']
    expect(echo(Object.fromEntries([...private_, ...secret].map((name) => [name, 'x'])))).toBe('')
  })

  it('about rate limits have the names OpenAI’s clients read', () => {
    const upstream = {
      'x-ratelimit-remaining-tokens': '7',
      'anthropic-ratelimit-requests-limit': '50',
      'anthropic-ratelimit-tokens-remaining': '9',
      'anthropic-ratelimit-tokens-reset': '2026-01-01T00:00:12Z',
      'anthropic-ratelimit-requests-reset': 'soon',
    }
    const lines = parseHead(echo(upstream))
    expect(Object.fromEntries(Object.entries(lines).filter(([name]) => name.startsWith('x-')))).toEqual({
      'x-ratelimit-remaining-tokens': '9',
      'x-ratelimit-limit-requests': '50',
      'x-ratelimit-reset-tokens': '12s',
    })
    expect(lines['llm_provider-anthropic-ratelimit-tokens-reset']).toBe('2026-01-01T00:00:12Z')
  })

  it('are Anthropic’s, too, for its clients', () => {
    const upstream = {
      'x-ratelimit-limit-requests': '50',
      'x-ratelimit-remaining-tokens': '7',
      'x-ratelimit-reset-tokens': '1h6m0.5s',
      'x-ratelimit-reset-requests': 'soon',
      'anthropic-ratelimit-input-tokens-limit': '9',
    }
    const lines = parseHead(echo(upstream, 'anthropic-messages'))
    expect(
      Object.fromEntries(Object.entries(lines).filter(([name]) => name.startsWith('anthropic-'))),
    ).toEqual({
      'anthropic-ratelimit-requests-limit': '50',
      'anthropic-ratelimit-tokens-remaining': '7',
      'anthropic-ratelimit-tokens-reset': '2026-01-01T01:06:01Z',
      'anthropic-ratelimit-input-tokens-limit': '9',
    })
    expect(echo(upstream)).not.toMatch(/^anthropic-/m)
  })

  it.each([
    ['20ms', '2026-01-01T00:00:01Z'],
    ['6m0s', '2026-01-01T00:06:00Z'],
    ['2m59.56s', '2026-01-01T00:03:00Z'],
    ['', undefined],
    ['12', undefined],
    ['-1s', undefined],
    ['999999999h', undefined],
  ])('have a reset of %j as %s', (duration, time) => {
    const lines = parseHead(echo({ 'x-ratelimit-reset-requests': duration }, 'anthropic-messages'))
    expect(lines['anthropic-ratelimit-requests-reset']).toBe(time)
  })
})
