import { describe, expect, it } from 'vitest'
import { buildForTest, type ModelPatch, modelConfig } from '../deployments/for-test.ts'

function build(upstreamModel: string, patch: ModelPatch) {
  const config = modelConfig('m', { provider: 'vertex_ai', upstreamModel, apiKey: null, ...patch })
  const { snapshot, diagnostics } = buildForTest([config])
  return { deployment: snapshot.groups.get('m')?.deployments[0], diagnostics }
}

describe('a deployment on Vertex AI', () => {
  it.each([
    [{ vertex_project: 'p' }, 'https://us-central1-aiplatform.googleapis.com', 'us-central1'],
    [
      { vertex_project: 'p', vertex_location: 'europe-west4' },
      'https://europe-west4-aiplatform.googleapis.com',
      'europe-west4',
    ],
    [{ vertex_project: 'p', vertex_location: 'global' }, 'https://aiplatform.googleapis.com', 'global'],
  ])('is at the address of %j', (account: Record<string, string>, origin, location) => {
    const { deployment } = build('gemini-2.5-pro', { account })
    const root = `/v1/projects/p/locations/${location}/publishers/google/models/gemini-2.5-pro`
    expect(deployment).toMatchObject({
      origin,
      paths: { chat: `${root}:generateContent`, chatStream: `${root}:streamGenerateContent?alt=sse` },
      authorization: { kind: 'token' },
    })
  })

  it('speaks Messages for Claude', () => {
    const { deployment } = build('claude-sonnet-4-5@20250929', { account: { vertex_project: 'p' } })
    const root =
      '/v1/projects/p/locations/us-central1/publishers/anthropic/models/claude-sonnet-4-5%4020250929'
    expect(deployment?.wire.dialect).toBe('anthropic-messages')
    expect(deployment?.paths).toMatchObject({
      chat: `${root}:rawPredict`,
      chatStream: `${root}:streamRawPredict`,
    })
  })

  it('needs no project with an API key, or with an address that has one', () => {
    const keyed = build('gemini-2.5-pro', { apiKey: 'key' }).deployment
    expect(keyed?.paths.chat).toBe('/v1/publishers/google/models/gemini-2.5-pro:generateContent')
    expect(keyed?.authorization).toBeNull()
    expect(keyed?.headers).toContain('x-goog-api-key')
    const apiBase = 'https://proxy.example.com/v1/projects/x/locations/y'
    expect(build('gemini-2.5-pro', { apiBase }).deployment?.paths.chat).toBe(
      '/v1/projects/x/locations/y/publishers/google/models/gemini-2.5-pro:generateContent',
    )
  })

  it('is left out without a project, with the reason', () => {
    const { deployment, diagnostics } = build('gemini-2.5-pro', {})
    expect(deployment).toBeUndefined()
    expect(diagnostics[0]?.message).toContain('needs `vertex_project` or GOOGLE_CLOUD_PROJECT')
  })
})
