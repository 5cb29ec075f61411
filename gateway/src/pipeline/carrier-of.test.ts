import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { BlobSealer } from '../conversation/blob-sealer.ts'
import { carrierOf } from './carrier-of.ts'
import { sampleDeployment } from './testing/sample-request.ts'

const sealer = new BlobSealer('secret', randomBytes)
const between = (
  from: Parameters<typeof sampleDeployment>[0],
  to: Parameters<typeof sampleDeployment>[0],
) => {
  const sealed = carrierOf(sealer, sampleDeployment(from)).wrap('sig', 'signature', null)
  return carrierOf(sealer, sampleDeployment(to)).unwrap(sealed, 'signature', null)?.payload ?? null
}
const claude = { provider: 'anthropic', upstreamModel: 'claude-sonnet-4-5' }

describe('a signature', () => {
  it('of Claude is good wherever Claude is', () => {
    expect(between(claude, { provider: 'openrouter', upstreamModel: 'anthropic/claude-opus-4' })).toBe('sig')
    expect(between(claude, { provider: 'openrouter', upstreamModel: 'openai/gpt-5' })).toBeNull()
  })

  it('of another provider is good there alone', () => {
    const deepseek = { provider: 'deepseek', upstreamModel: 'deepseek-reasoner' }
    expect(between(deepseek, deepseek)).toBe('sig')
    expect(between(deepseek, claude)).toBeNull()
  })

  it('of OpenAI is good for the very deployment that gave it', () => {
    const openai = { provider: 'openai', upstreamModel: 'gpt-5', info: { id: 'one' } }
    expect(between(openai, openai)).toBe('sig')
    expect(between(openai, { ...openai, info: { id: 'two' } })).toBeNull()
  })
})
