import { describe, expect, it } from 'vitest'
import { Progress } from './progress.ts'
import { describeRefusal, describeResponse } from './response-headers.ts'
import { parseHead as parse } from './testing/parse-head.ts'
import { sampleDeployment, sampleExchange, sampleRequest } from './testing/sample-request.ts'

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
    [-1_500_000n, '-0.0000015'],
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
