import { describe, expect, it } from 'vitest'
import { queryOf, splitPath } from './path.ts'

describe('splitPath', () => {
  it.each([
    ['/models', ['models']],
    ['/models/', ['models']],
    ['/v1/models?x=/../y', ['v1', 'models']],
    ['/models/org%2Fname', ['models', 'org/name']],
    ['/models/a%20b', ['models', 'a b']],
    ['/models/%C3%A9', ['models', 'é']],
    ['/models/a%252Fb', ['models', 'a%2Fb']],
    ['/models/...', ['models', '...']],
    ['/models/.hidden', ['models', '.hidden']],
    ['/models/%252e%252e', ['models', '%2e%2e']],
    ['/', ['']],
    ['/a//b', ['a', '', 'b']],
  ])('%s', (target, segments) => {
    expect(splitPath(target)).toEqual(segments)
  })

  const dots = ['..', '.', '%2e', '%2E%2e', '.%2E', '%2e.', 'a%2F..', '..%2Fa', 'a%2f%2E%2e%2Fb', '%2E%2F']
  it.each(dots)('refuses the dot segment %s wherever it stands', (spelling) => {
    for (const target of [`/${spelling}`, `/models/${spelling}`, `/${spelling}/models`, `/${spelling}/?q`])
      expect(splitPath(target)).toBeNull()
  })

  it.each(['%00', 'a%00b', '%0d%0a', '%7f', '%1F', 'a\u0001'])(
    'refuses the control character in %j',
    (text) => {
      expect(splitPath(`/models/${text}`)).toBeNull()
    },
  )

  it.each(['%', '%2', '%zz', '%ff', '%c3%28', '%ed%a0%80', '%c0%ae%c0%ae'])(
    'refuses the escape %s',
    (text) => {
      expect(splitPath(`/models/${text}`)).toBeNull()
    },
  )

  it.each(['', '*', 'models', 'http://host/models', '?x', 'host:443'])('refuses the target %j', (target) => {
    expect(splitPath(target)).toBeNull()
  })
})

describe('queryOf', () => {
  it('reads what follows the first question mark', () => {
    expect([...queryOf('/a?x=1&y=%20?')]).toEqual([
      ['x', '1'],
      ['y', ' ?'],
    ])
    expect([...queryOf('/a')]).toEqual([])
  })
})
