import { describe, expect, it } from 'vitest'
import { type Method, type Route, Router } from './router.ts'

function route(method: Method, template: string, aliased = true): Route<string> {
  return { method, template, auth: 'public', aliased, handler: `${method} ${template}` }
}

function find(router: Router<string>, method: string, target: string): unknown {
  const found = router.find(method, target)
  if (found === null) return null
  return found.route === null ? found.allow : [found.route.template, found.params]
}

const router = new Router([
  route('GET', '/models'),
  route('GET', '/models/{id+}'),
  route('POST', '/models/{model+}:generateContent'),
  route('POST', '/models/{model+}:countTokens'),
  route('GET', '/agents/registry'),
  route('GET', '/agents/{id}'),
  route('DELETE', '/agents/{id}'),
  route('GET', '/agents/{id}/card'),
  route('GET', '/agents/{path+}'),
  route('POST', '/v1/thing'),
  route('GET', '/_health/live', false),
  route('GET', '/tools'),
  route('GET', '/v1/tools'),
])

describe('precedence', () => {
  it.each([
    ['/agents/registry', ['/agents/registry', {}]],
    ['/agents/x', ['/agents/{id}', { id: 'x' }]],
    ['/agents/x/card', ['/agents/{id}/card', { id: 'x' }]],
    ['/agents/registry/card', ['/agents/{id}/card', { id: 'registry' }]],
    ['/agents/x/y/z', ['/agents/{path+}', { path: 'x/y/z' }]],
    ['/models/a/b', ['/models/{id+}', { id: 'a/b' }]],
    ['/models/a%2Fb', ['/models/{id+}', { id: 'a/b' }]],
  ])('%s', (target, expected) => {
    expect(find(router, 'GET', target)).toEqual(expected)
  })
})

describe('a name that may hold a slash', () => {
  const skills = new Router([
    route('GET', '/skills'),
    route('GET', '/skills/menu'),
    route('GET', '/skills/analytics/metrics'),
    route('GET', '/skills/routing/{id}'),
    route('GET', '/skills/{skill+}'),
    route('PUT', '/skills/{skill+}'),
    route('GET', '/skills/{skill+}/body'),
    route('GET', '/skills/{skill+}/versions'),
    route('GET', '/skills/{skill+}/versions/{n}'),
    route('GET', '/skills/{skill+}/attachments/{att}'),
    route('GET', '/skills/{skill+}/attachments/by-path/{path+}'),
    route('POST', '/skills/{skill+}/publish'),
  ])

  it.each([
    ['/skills/x/body', '/skills/{skill+}/body', { skill: 'x' }],
    ['/skills/owner/x/body', '/skills/{skill+}/body', { skill: 'owner/x' }],
    ['/skills/owner%2Fx/body?a=b', '/skills/{skill+}/body', { skill: 'owner/x' }],
    ['/skills/owner/body/body', '/skills/{skill+}/body', { skill: 'owner/body' }],
    ['/skills/owner%2Fbody', '/skills/{skill+}', { skill: 'owner/body' }],
    ['/skills/owner/x', '/skills/{skill+}', { skill: 'owner/x' }],
    ['/skills/x/versions/3', '/skills/{skill+}/versions/{n}', { skill: 'x', n: '3' }],
    ['/skills/o/x/versions/3', '/skills/{skill+}/versions/{n}', { skill: 'o/x', n: '3' }],
    ['/skills/o/versions/versions', '/skills/{skill+}/versions', { skill: 'o/versions' }],
    ['/skills/x/attachments/9', '/skills/{skill+}/attachments/{att}', { skill: 'x', att: '9' }],
    [
      '/skills/o/x/attachments/by-path/scripts/a/b.py',
      '/skills/{skill+}/attachments/by-path/{path+}',
      { skill: 'o/x', path: 'scripts/a/b.py' },
    ],
    ['/skills/menu', '/skills/menu', {}],
    ['/skills/menu/body', '/skills/{skill+}/body', { skill: 'menu' }],
    ['/skills/analytics/metrics', '/skills/analytics/metrics', {}],
    ['/skills/routing/rt_1', '/skills/routing/{id}', { id: 'rt_1' }],
  ])('%s', (target, template, params) => {
    expect(find(skills, 'GET', target)).toEqual([template, params])
  })

  it('leaves what is behind a longer name to the rest', () => {
    expect(find(skills, 'GET', '/skills/a/b/c/body')).toEqual(['/skills/{skill+}', { skill: 'a/b/c/body' }])
  })

  it('has methods', () => {
    expect(find(skills, 'GET', '/skills/o/x/publish')).toEqual(['POST'])
    expect(find(skills, 'PUT', '/skills/o/x')).toEqual(['/skills/{skill+}', { skill: 'o/x' }])
  })

  it.each([
    '/skills//body',
    '/skills/../body',
    '/skills/a%2f..%2fb/body',
    '/skills/a//body',
    '/skills/a%00/body',
  ])('never matches %s', (target) => {
    expect(find(skills, 'GET', target)).toBeNull()
  })

  it('has one name at one place', () => {
    expect(() => new Router([route('GET', '/a/{x+}/b'), route('GET', '/a/{y+}/c')])).toThrow('/a/{y+}/c')
  })
})

describe('a verb behind a colon', () => {
  const generate = (model: string) => ['/models/{model+}:generateContent', { model }]

  it.each([
    ['/models/x:generateContent', generate('x')],
    ['/v1/models/x:generateContent?alt=sse', generate('x')],
    ['/models/a/b:c:generateContent', generate('a/b:c')],
    ['/models/a%2Fb:generateContent', generate('a/b')],
    ['/models/x%3AgenerateContent', generate('x')],
    ['/models/x:countTokens', ['/models/{model+}:countTokens', { model: 'x' }]],
    ['/models/x:generateContent/y', ['GET', 'HEAD']],
    ['/models/:generateContent', ['GET', 'HEAD']],
    ['/models/x:other', ['GET', 'HEAD']],
  ])('is found in %s', (target, expected) => {
    expect(find(router, 'POST', target)).toEqual(expected)
  })

  it('is not part of a name that is asked for otherwise', () => {
    expect(find(router, 'GET', '/models/x:y')).toEqual(['/models/{id+}', { id: 'x:y' }])
    expect(find(router, 'GET', '/models/x:generateContent')).toEqual(['POST'])
  })
})

describe('names of a route', () => {
  it.each(['/models', '/v1/models', '/v1/v1/models', '/models/', '/v1/models?a=b'])('%s', (target) => {
    expect(find(router, 'GET', target)).toEqual(['/models', {}])
  })

  it('a documented /v1 path also answers without', () => {
    for (const target of ['/v1/thing', '/thing'])
      expect(find(router, 'POST', target)).toEqual(['/v1/thing', {}])
  })

  it('an alias never takes the place of a documented path', () => {
    expect(find(router, 'GET', '/tools')).toEqual(['/tools', {}])
    expect(find(router, 'GET', '/v1/tools')).toEqual(['/v1/tools', {}])
  })

  it('a route that is not aliased has one name', () => {
    expect(find(router, 'GET', '/_health/live')).toEqual(['/_health/live', {}])
    for (const target of ['/v1/_health/live', '/v1/v1/_health/live'])
      expect(find(router, 'GET', target)).toBeNull()
  })

  it('bare aliases can be left out; documented bare paths and /v1 aliases stay', () => {
    const strict = new Router([route('POST', '/v1/thing'), route('GET', '/models')], { bareAliases: false })
    expect(find(strict, 'POST', '/thing')).toBeNull()
    expect(find(strict, 'POST', '/v1/thing')).toEqual(['/v1/thing', {}])
    expect(find(strict, 'GET', '/models')).toEqual(['/models', {}])
    expect(find(strict, 'GET', '/v1/models')).toEqual(['/models', {}])
  })
})

describe('a root path', () => {
  it.each(['/gate', '/gate/', '/gate//'])('%s stands before every name', (rootPath) => {
    const prefixed = new Router([route('GET', '/models'), route('GET', '/agents/{id}')], { rootPath })
    for (const target of ['/gate/models', '/gate/v1/models', '/gate/v1/v1/models', '/gate/models/'])
      expect(find(prefixed, 'GET', target)).toEqual(['/models', {}])
    expect(find(prefixed, 'GET', '/gate/v1/agents/x')).toEqual(['/agents/{id}', { id: 'x' }])
    for (const target of ['/models', '/gate', '/gate/', '/gatemodels', '/gate/../models', '/v1/gate/models'])
      expect(find(prefixed, 'GET', target)).toBeNull()
  })
})

describe('methods', () => {
  it('HEAD finds what GET finds', () => {
    expect(find(router, 'HEAD', '/models')).toEqual(['/models', {}])
    expect(find(router, 'HEAD', '/agents/x')).toEqual(['/agents/{id}', { id: 'x' }])
  })

  it('another method is told which there are', () => {
    expect(find(router, 'POST', '/models')).toEqual(['GET', 'HEAD'])
    expect(find(router, 'PUT', '/v1/agents/x')).toEqual(['GET', 'DELETE', 'HEAD'])
    expect(find(router, 'HEAD', '/thing')).toEqual(['POST'])
    expect(find(router, 'BREW', '/thing')).toEqual(['POST'])
  })
})

describe('what no route may match', () => {
  it.each([
    '/',
    '//',
    '//models',
    '/models//',
    '/models//x',
    '/agents//card',
    '/agents/',
    '/Models',
    '/models/..',
    '/models/%2e%2e/x',
    '/agents/x%00',
    '/agents/%ff',
    '/v1',
    '/v1/v1/v1/models',
    '/nothing',
    'models',
    '*',
  ])('%s', (target) => {
    // `/agents/` is `/agents`, which is no route.
    expect(find(router, 'GET', target)).toBeNull()
  })

  it('two names for one parameter are a mistake of the table', () => {
    expect(() => new Router([route('GET', '/a/{x}/b'), route('GET', '/a/{y}/c')])).toThrow('/a/{y}/c')
  })
})

describe('a raw rest', () => {
  const raw = new Router([
    route('GET', '/.well-known/skills/{rest*}', false),
    route('GET', '/.well-known/{path+}', false),
  ])

  it('is everything that follows as it was sent, and beats other templates', () => {
    for (const rest of ['', 'a/b', '..%2f..%2fetc', '../x', 'a%00b?c=%zz'])
      expect(find(raw, 'GET', `/.well-known/skills/${rest}`)).toEqual([
        '/.well-known/skills/{rest*}',
        { rest },
      ])
    expect(find(raw, 'GET', '/.well-known/other')).toEqual(['/.well-known/{path+}', { path: 'other' }])
    expect(find(raw, 'POST', '/.well-known/skills/a')).toEqual(['GET', 'HEAD'])
    expect(find(raw, 'GET', '/v1/.well-known/skills/a')).toBeNull()
  })

  it('stands behind the root path', () => {
    const below = new Router([route('GET', '/well/{rest*}', false)], { rootPath: '/gateway' })
    expect(find(below, 'GET', '/gateway/well/a')).toEqual(['/well/{rest*}', { rest: 'a' }])
    expect(find(below, 'GET', '/well/a')).toBeNull()
  })
})
