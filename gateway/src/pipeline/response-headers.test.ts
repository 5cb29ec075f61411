import { describe, expect, it } from 'vitest'
import { HeaderFields } from '../http1/header-fields.ts'
import { Progress } from './progress.ts'
import { describeRefusal, describeResponse, echoProviderHeaders } from './response-headers.ts'
import { sampleDeployment, sampleExchange, sampleRequest } from './testing/sample-request.ts'

const echo = (headers: Record<string, string>): string =>
  echoProviderHeaders(HeaderFields.from(headers), Date.UTC(2026, 0, 1))

function parse(lines: string): Record<string, string> {
  expect(lines).toMatch(/^([!-9;-~]+: [ -~]*\r\n)*$/)
  const entries = lines.split('\r\n').filter((line) => line !== '')
  return Object.fromEntries(
    entries.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
  )
}

const body = { model: 'm', messages: [] }

describe('a refusal', () => {
  it('names product and call', () => {
    expect(parse(describeRefusal(sampleExchange()))).toMatchObject({ 'x-litellm-call-id': 'request-1' })
    expect(parse(describeRefusal(sampleExchange({ 'x-litellm-call-id': 'mine' })))['x-litellm-call-id']).toBe(
      'mine',
    )
  })

  it('lets no call id begin a line of its own', () => {
    const lines = parse(describeRefusal(sampleExchange({ 'x-litellm-call-id': 'a\r\nset-cookie: x' })))
    expect(lines['x-litellm-call-id']).toBe('a%0D%0Aset-cookie%3A%20x')
  })
})

describe('an answer', () => {
  it('says who gave it, after how many attempts, and what it cost', () => {
    const progress = new Progress(false)
    progress.deployment = sampleDeployment({
      apiBase: 'https://up.test/v1',
      regionName: 'eu',
      upstreamModel: 'gpt\r\nx: y',
    })
    progress.strategy = 'least-busy'
    progress.attempts = 4
    progress.fallbacks = 1
    progress.upstreamStartedAt = 10
    progress.upstreamEndedAt = 90
    progress.costPico = 1_500_000n
    const lines = parse(describeResponse(sampleRequest({ ...body, timeout: 2.5 }), progress, 100))
    expect(lines).toMatchObject({
      'x-litellm-model-id': progress.deployment.id,
      'x-litellm-model-group': 'm',
      'x-litellm-model-api-base': 'https://up.test/v1',
      'x-litellm-model-region': 'eu',
      'x-routeiq-model': 'gpt%0D%0Ax%3A%20y',
      'x-routeiq-strategy': 'least-busy',
      'x-litellm-attempted-retries': '2',
      'x-litellm-attempted-fallbacks': '1',
      'x-litellm-max-fallbacks': '5',
      'x-litellm-timeout': '2.5',
      'x-litellm-response-cost': '0.0000015',
      'x-litellm-response-duration-ms': '100.00',
      'x-litellm-overhead-duration-ms': '20.00',
    })
  })

  it('says nothing of what it does not know', () => {
    const lines = parse(describeResponse(sampleRequest(body), new Progress(false), 100))
    for (const name of [
      'x-litellm-model-id',
      'x-routeiq-strategy',
      'x-litellm-timeout',
      'x-litellm-response-cost',
    ])
      expect(lines).not.toHaveProperty(name)
    expect(lines['x-litellm-attempted-retries']).toBe('0')
    expect(Object.keys(lines).filter((name) => name.includes('timing'))).toEqual([])
  })

  it.each([
    [0n, '0'],
    [1n, '0.000000000001'],
    [1_000_000_000_000n, '1'],
    [10_000_000_000_000n, '10'],
    [100_500_000_000_000n, '100.5'],
  ])('%d pico-USD cost %s', (pico, text) => {
    const progress = new Progress(false)
    progress.costPico = pico
    expect(parse(describeResponse(sampleRequest(body), progress, 1))['x-litellm-response-cost']).toBe(text)
  })

  it('times its stages when asked to', () => {
    const progress = new Progress(true)
    progress.stageEnds?.push(['authenticate', 1], ['parse', 3.5])
    expect(parse(describeResponse(sampleRequest(body), progress, 4))).toMatchObject({
      'x-litellm-timing-authenticate-ms': '1.000',
      'x-litellm-timing-parse-ms': '2.500',
    })
  })
})

describe('headers of the provider', () => {
  it('are repeated under another name', () => {
    expect(parse(echo({ 'x-request-id': 'up-1', server: 'x' }))).toEqual({
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
    const lines = parse(echo(upstream))
    expect(Object.fromEntries(Object.entries(lines).filter(([name]) => name.startsWith('x-')))).toEqual({
      'x-ratelimit-remaining-tokens': '9',
      'x-ratelimit-limit-requests': '50',
      'x-ratelimit-reset-tokens': '12s',
    })
    expect(lines['llm_provider-anthropic-ratelimit-tokens-reset']).toBe('2026-01-01T00:00:12Z')
  })
})
