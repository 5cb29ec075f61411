import { expect, it } from 'vitest'
import { describeSkill } from './describe-skill.ts'

const words = (count: number): string => Array.from({ length: count }, (_, index) => `word${index}`).join(' ')

it.each([
  ['the frontmatter', '---\nname: a\ndescription: Fill in forms.\n---\n\n# A\n\nBody.', 'Fill in forms.'],
  ['folded', '---\ndescription: >\n  Fill in\n  forms.\n---\nBody.', 'Fill in forms.'],
  ['without a description', '---\nname: a\n---\n# Title\n\nFirst\nparagraph.\n\nSecond.', 'First paragraph.'],
  ['with one that is no text', '---\ndescription: [a]\n---\nBody.', 'Body.'],
  ['with an empty one', '---\ndescription: "  "\n---\nBody.', 'Body.'],
  ['broken YAML', '---\nname: a\ndescription: "x\n  : : [\n---\nBody.', 'Body.'],
  ['a fence that is never closed', '---\nname: a\ndescription: x\n\nBody.', 'Body.'],
  ['nothing but frontmatter', '---\nname: a\n', 'No description available'],
  ['no frontmatter', '# Title\nFirst\n## Heading\nparagraph.\n\nSecond.', 'First paragraph.'],
  ['line ends of Windows', '---\r\ndescription: Forms.\r\n---\r\nBody.', 'Forms.'],
  ['a byte order mark', '\ufeff---\ndescription: Forms.\n---\nBody.', 'Forms.'],
  ['a rule in the text', '# Title\n\n---\n\nBody.', 'Body.'],
  ['nothing at all', '', 'No description available'],
])('%s', (_, text, description) => {
  expect(describeSkill(text)).toBe(description)
})

it('a long paragraph ends in dots, a long description is cut', () => {
  const paragraph = describeSkill(`# A\n\n${words(100)}`)
  expect([paragraph.length, paragraph.endsWith('...')]).toEqual([200, true])
  expect(describeSkill('ü'.repeat(200))).toBe('ü'.repeat(200))
  expect(describeSkill(`---\ndescription: ${words(1000)}\n---\n`)).toHaveLength(1024)
})
