import { describe, expect, it } from 'vitest'
import { MalformedWish, parseSkillsWish, readSkillsWish } from './skills-wish.ts'

describe('x-routeiq-skills', () => {
  it.each([
    ['off', { mode: 'off' }],
    ['menu', { mode: 'menu', names: [] }],
    [
      'auto; k=2;body=1 ; budget=500;menu=900',
      { mode: 'auto', hintK: 2, bodies: 1, bodyTokens: 500, menuTokens: 900 },
    ],
    ['auto;tool=off;hint=off;cat=Legal work', { tool: false, hint: false, category: 'Legal work' }],
    ['pdf, owner/mail,pdf', { mode: 'list', names: ['pdf', 'owner/mail'], missing: 'error' }],
    ['name:auto,name:off;missing=skip', { mode: 'list', names: ['auto', 'off'], missing: 'skip' }],
  ])('%s', (text, wish) => {
    expect(parseSkillsWish(text)).toMatchObject(wish)
  })

  it.each([
    '',
    ' ,pdf',
    'auto;k',
    'auto;k=-1',
    'auto;k=2;k=3',
    'auto;body=4',
    'auto;tool=maybe',
    'auto;colour=red',
    'auto;cat=',
  ])('refuses %j', (text) => {
    expect(() => parseSkillsWish(text)).toThrow(MalformedWish)
  })
})

describe('the same wish as an object', () => {
  it('means what the header means', () => {
    expect(readSkillsWish({ mode: 'auto', k: 2, tool: false })).toEqual(parseSkillsWish('auto;k=2;tool=off'))
    expect(readSkillsWish({ names: ['auto'], missing: 'skip' })).toEqual(
      parseSkillsWish('name:auto;missing=skip'),
    )
    expect(readSkillsWish('menu')).toEqual(parseSkillsWish('menu'))
  })

  it.each([null, 7, [], {}, { mode: 'list' }, { names: 'pdf' }, { names: [1] }, { mode: 'auto', k: 'x' }])(
    'refuses %j',
    (value) => {
      expect(() => readSkillsWish(value)).toThrow(MalformedWish)
    },
  )
})
