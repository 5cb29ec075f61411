import { describe, expect, it } from 'vitest'
import { readAllowedTools } from './allowed-tools.ts'
import { composeSkillMd, editFrontmatter, splitSkillMd } from './frontmatter.ts'
import { formatProblem, ProblemList } from './problem.ts'
import { refuseSkillName } from './skill-name.ts'
import { validateSkillMd } from './validate-skill-md.ts'

function validate(text: string, isStrict = false, directory: string | null = 'pdf') {
  const problems = new ProblemList(isStrict)
  const skill = validateSkillMd(text, directory, problems)
  const rules = (list: readonly { rule: string; line: number | null }[]): string[] =>
    list.map(({ rule, line }) => `${rule}:${line}`)
  return { skill, errors: rules(problems.errors), warnings: rules(problems.warnings), problems }
}

const file = (frontmatter: string, body = 'Body.\n'): string => `---\n${frontmatter}\n---\n\n${body}`
const plain = 'name: pdf\ndescription: Fill forms.'

describe('a good file', () => {
  it('is read', () => {
    const text = file(`${plain}\nlicense: MIT\nmetadata:\n  a: "1"\nallowed-tools: Read Bash(git add:*)`)
    const { skill, errors, warnings } = validate(text, true)
    expect({ errors, warnings }).toEqual({ errors: [], warnings: [] })
    expect(skill).toMatchObject({ name: 'pdf', description: 'Fill forms.', fields: { license: 'MIT' } })
    expect(skill && text.slice(skill.bodyStart, skill.bodyEnd)).toBe('Body.')
    expect(readAllowedTools(text)).toEqual(['Read', 'Bash(git add:*)'])
  })

  it('may have Windows line ends and a rule in its body', () => {
    const text = file(plain, 'One\n\n---\n\nTwo\n').replaceAll('\n', '\r\n')
    const { skill } = validate(text)
    expect(skill && text.slice(skill.bodyStart, skill.bodyEnd)).toBe('One\r\n\r\n---\r\n\r\nTwo')
  })
})

describe('errors, in both modes', () => {
  it.each([
    ['no fence', 'Just text.', ['frontmatter-missing:1']],
    ['no second fence', `---\n${plain}\n`, ['frontmatter-missing:1']],
    ['broken YAML', file('name: pdf\ndescription: "open'), ['frontmatter-yaml:4']],
    ['a tag', file(`${plain}\nmetadata: !!js/function x`), ['frontmatter-tag:4']],
    ['a list', file('- a\n- b'), ['frontmatter-mapping:2']],
    ['a key twice', file(`${plain}\nname: other`), ['frontmatter-yaml:4']],
    ['no name', file('description: x'), ['name:null']],
    ['a name with a slash', file('name: a/b\ndescription: x'), ['name:2']],
    ['a name with zero width', file('name: "pd\\u200bf"\ndescription: x'), ['name:2']],
    ['a long name', file(`name: ${'x'.repeat(65)}\ndescription: x`), ['name:2']],
    ['a long description', file(`name: pdf\ndescription: ${'x'.repeat(1_025)}`), ['description-length:3']],
    ['no body', file(plain, '\n \n'), ['body:null']],
    ['a large body', file(plain, 'x'.repeat(262_145)), ['body-size:null']],
    ['metadata as text', file(`${plain}\nmetadata: x`), ['metadata:4']],
    ['a license as list', file(`${plain}\nlicense: [a]`), ['license:4']],
  ])('%s', (_, text, errors) => {
    for (const isStrict of [false, true]) expect(validate(text, isStrict).errors).toEqual(errors)
  })

  it.each([
    ['deep', 'frontmatter-depth', `a: ${'['.repeat(30)}${']'.repeat(30)}`],
    ['very deep', 'frontmatter-', `a: ${'['.repeat(30_000)}`],
    ['aliases', 'frontmatter-aliases', `a: &x 1\nb: [${'*x,'.repeat(101)}]`],
    ['large', 'frontmatter-size', `a: ${'x'.repeat(65_536)}`],
  ])('frontmatter that is %s', (_, rule, extra) => {
    expect(validate(file(`${plain}\n${extra}`)).errors[0]).toContain(rule)
  })
})

describe('what lenient mode tolerates and strict mode does not', () => {
  it.each([
    ['an unknown key', file(`${plain}\nmood: good`), 'unknown-key:4', 'pdf'],
    ['letters of another script', file('name: größe\ndescription: x'), 'name-form:2', 'größe'],
    ['capitals and underscores', file('name: My_Skill\ndescription: x'), 'name-form:2', 'My_Skill'],
    ['a byte order mark', `\ufeff${file(plain)}`, 'byte-order-mark:1', 'pdf'],
    ['another directory', file(plain), 'name-directory:2', 'other'],
    ['a word of a vendor', file('name: claude-pdf\ndescription: x'), 'name-word:2', 'claude-pdf'],
    ['tools as a list', file(`${plain}\nallowed-tools: [Read, Write]`), 'allowed-tools:4', 'pdf'],
    ['numbers in metadata', file(`${plain}\nmetadata:\n  a: 1`), 'metadata-values:4', 'pdf'],
    ['tags in the description', file('name: pdf\ndescription: Use <b>this</b>'), 'description-tags:3', 'pdf'],
    ['no description', file('name: pdf', '# Title\n\nFills in\nforms.\n\nMore.'), 'description:null', 'pdf'],
  ])('%s', (_, text, rule, directory) => {
    const lenient = validate(text, false, directory)
    expect([lenient.errors, lenient.warnings]).toEqual([[], [rule]])
    expect(lenient.skill).not.toBeNull()
    expect(validate(text, true, directory).errors).toContain(rule)
  })

  it('takes the first paragraph for a missing description', () => {
    expect(validate(file('name: pdf', '# Title\n\nFills in\nforms.\n\nMore.')).skill?.description).toBe(
      'Fills in forms.',
    )
  })

  it('warns of a long body in both', () => {
    for (const isStrict of [false, true])
      expect(validate(file(plain, 'x\n'.repeat(501)), isStrict)).toMatchObject({
        errors: [],
        warnings: ['body-length:null'],
      })
  })
})

it('problems are told as path, line, rule and message', () => {
  const { problems } = validate(file('name: a/b\ndescription: x'))
  expect(problems.errors.map(formatProblem)[0]).toMatch(/^SKILL\.md:2 name a name holds letters/)
})

describe('names of stored skills', () => {
  it.each(['pdf', 'acme/pdf', 'a.b_c', 'Größe', 'a'.repeat(64)])('%s', (name) => {
    expect(refuseSkillName(name)).toBeNull()
  })
  it.each([
    '',
    '/',
    'a/',
    '/a',
    'a/b/c',
    'menu',
    'menu/x',
    'x/body',
    'a b',
    'a|b',
    '-a',
    'a\u200b',
    'ﬁ',
    'a'.repeat(65),
  ])('%j is refused', (name) => {
    expect(refuseSkillName(name)).toMatch(/\w/)
  })
})

describe('composing', () => {
  it('gives back what it was given', () => {
    const fields = { name: 'pdf', description: 'a: "b" # c\n---\nü', metadata: { x: '1' } }
    const { skillMd, bodyStart, bodyEnd } = composeSkillMd(fields, '\n  Body\n---\nmore \n')
    expect(skillMd.slice(bodyStart, bodyEnd)).toBe('Body\n---\nmore')
    const { skill, errors } = validate(skillMd, true)
    expect(errors).toEqual([])
    expect(skill).toMatchObject({ fields, bodyStart, bodyEnd })
  })

  it('changes fields and keeps the rest', () => {
    const before = '# who\nname: pdf # fixed\ndescription: old\nmood: good\n'
    expect(editFrontmatter(before, { description: 'new: one' })).toBe(
      '# who\nname: pdf # fixed\ndescription: "new: one"\nmood: good\n',
    )
  })

  it('finds the fences', () => {
    expect(splitSkillMd('---\na: 1\n---')).toEqual({ frontmatter: 'a: 1\n', bodyStart: 12, bodyEnd: 12 })
    expect(splitSkillMd('no').frontmatter).toBeNull()
    expect(splitSkillMd('----\na: 1\n---\n').frontmatter).toBeNull()
  })
})
