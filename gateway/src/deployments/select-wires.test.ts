import { describe, expect, it } from 'vitest'
import { findProvider } from '../providers/registry.ts'
import { type ModelPatch, modelConfig, snapshotOf } from './for-test.ts'
import { facing, selectWires } from './select-wires.ts'

const build = (patch: ModelPatch) => {
  const [deployment] = snapshotOf([modelConfig('m', patch)]).byDeploymentId.values()
  if (deployment === undefined) throw new Error('the deployment was not built')
  return deployment
}

describe('the wires of a deployment', () => {
  it('are two for OpenAI: one for clients of Responses and of Messages, one for all others', () => {
    const deployment = build({ upstreamModel: 'gpt-5' })
    expect(deployment.wire.id).toBe('openai')
    expect(facing(deployment, 'openai-chat')).toBe(deployment)
    expect(facing(deployment, 'google-generate')).toBe(deployment)
    expect(facing(deployment, 'anthropic-messages')).toBe(facing(deployment, 'openai-responses'))
    const responses = facing(deployment, 'openai-responses')
    expect(responses.wire.id).toBe('openai-responses')
    expect(responses.paths.chat).toBe('/v1/responses')
    expect(responses.state).toBe(deployment.state)
  })

  it.each<[ModelPatch, string]>([
    [{ apiBase: 'https://eu.api.openai.com/v1' }, 'openai-responses'],
    [{ apiBase: 'https://vllm.internal/v1' }, 'openai'],
    [{ apiBase: 'https://notopenai.com/v1' }, 'openai'],
    [{ apiBase: 'https://vllm.internal/v1', useChatCompletionsApi: false }, 'openai-responses'],
    [{ useChatCompletionsApi: true }, 'openai'],
    [{ provider: 'azure', apiBase: 'https://x.openai.azure.com/openai/v1' }, 'azure-responses'],
    [{ provider: 'azure', apiBase: 'https://x.openai.azure.com' }, 'azure'],
    [
      {
        provider: 'azure',
        apiBase: 'https://x.openai.azure.com',
        account: { api_version: '2025-04-01-preview' },
      },
      'azure-responses',
    ],
  ])('face clients of Messages, for %j, by %s', (patch, wire) => {
    expect(facing(build(patch), 'anthropic-messages').wire.id).toBe(wire)
  })

  it.each<ModelPatch>([
    { upstreamModel: 'responses/gpt-5' },
    { upstreamModel: 'gpt-5', info: { mode: 'responses' } },
  ])('is Responses alone for %j', (patch) => {
    const deployment = build(patch)
    expect(deployment.wire.id).toBe('openai-responses')
    expect(deployment.upstreamModel).toBe('gpt-5')
    expect(facing(deployment, 'openai-responses')).toBe(deployment)
  })

  it.each<ModelPatch>([
    { useChatCompletionsApi: true },
    { apiBase: 'https://x.example.com/v1/chat/completions/' },
    { provider: 'groq' },
  ])('is chat alone for %j', (patch) => {
    const deployment = build(patch)
    expect(facing(deployment, 'openai-responses')).toBe(deployment)
    expect(deployment.wire.id).toBe('openai')
  })

  it('are not to be had of a vendor without Responses', () => {
    const groq = findProvider('groq')
    if (groq === null) throw new Error('groq is unknown')
    const config = modelConfig('m', { provider: 'groq', upstreamModel: 'responses/x' })
    expect(() => selectWires(config, groq, false)).toThrow('has no Responses')
  })

  it('follow the model of a wildcard group', () => {
    const snapshot = snapshotOf([
      modelConfig('any/*', { upstreamModel: 'responses/*' }),
      modelConfig('other/*', { upstreamModel: '*' }),
    ])
    const [first] = snapshot.wildcards.flatMap((group) => group.instantiate('any/gpt-5')?.deployments ?? [])
    expect([first?.wire.id, first?.upstreamModel]).toEqual(['openai-responses', 'gpt-5'])
    const [second] = snapshot.wildcards.flatMap(
      (group) => group.instantiate('other/gpt-5')?.deployments ?? [],
    )
    expect(second?.responses?.upstreamModel).toBe('gpt-5')
  })
})
