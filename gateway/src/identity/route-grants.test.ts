import { describe, expect, it } from 'vitest'
import { anonymousCaller, configuredCaller } from './caller.ts'
import { requireRouteAllowed } from './route-grants.ts'

function allows(allowedRoutes: string[], template: string): boolean {
  try {
    requireRouteAllowed({ ...anonymousCaller, allowedRoutes }, template)
    return true
  } catch (error) {
    expect(error).toMatchObject({ code: 'permission_denied', status: 403 })
    expect((error as Error).message).toContain(template.replace(/^\/v1(?:beta)?/, ''))
    return false
  }
}

describe('requireRouteAllowed', () => {
  it.each([
    [[], '/chat/completions'],
    [['/chat/completions'], '/chat/completions'],
    [['/v1/chat/completions'], '/chat/completions'],
    [['/chat/completions'], '/v1/chat/completions'],
    [['/models', '/embeddings'], '/embeddings'],
    [['/key/*'], '/key/info'],
    [['/v1/key/*'], '/key/info'],
    [['*'], '/anything'],
    [['llm_api_routes'], '/openai/deployments/{model}/chat/completions'],
    [['llm_api_routes'], '/models'],
    [['info_routes'], '/key/info'],
    [['info_routes'], '/v1beta/models/{id+}'],
    [['/models'], '/v1beta/models'],
    [['llm_api_routes'], '/v1beta/models/{model+}:generateContent'],
    [['llm_api_routes'], '/tunedModels/{tunedModel+}:countTokens'],
    [['/v1beta/models/{model+}:generateContent'], '/models/{model+}:generateContent'],
    [['management_routes'], '/key/generate'],
  ])('%j allows %s', (routes, template) => {
    expect(allows(routes, template)).toBe(true)
  })

  it.each([
    [['/chat/completions'], '/embeddings'],
    [['/chat'], '/chat/completions'],
    [['/key/*'], '/keys'],
    [['llm_api_routes'], '/key/info'],
    [['info_routes'], '/chat/completions'],
    [['info_routes'], '/models/{model+}:generateContent'],
    [['/models'], '/models/{model+}:generateContent'],
    [['no_such_group'], '/models'],
    [['constructor', 'toString', '__proto__'], '/models'],
  ])('%j refuses %s', (routes, template) => {
    expect(allows(routes, template)).toBe(false)
  })

  it('never limits an admin', () => {
    const admin = { ...configuredCaller('master', 'sk-0123456789', 'hash'), allowedRoutes: ['/models'] }
    expect(() => requireRouteAllowed(admin, '/key/generate')).not.toThrow()
  })
})
