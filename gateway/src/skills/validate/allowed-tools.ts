import { isProblem, parseFrontmatter, splitSkillMd } from './frontmatter.ts'

/** The tools a `SKILL.md` asks for, as text or as a list; none when it does not or cannot be read. */
export function readAllowedTools(skillMd: string): readonly string[] {
  if (!skillMd.includes('allowed-tools')) return []
  const { frontmatter } = splitSkillMd(skillMd)
  const read = frontmatter === null ? null : parseFrontmatter(frontmatter)
  if (read === null || isProblem(read)) return []
  const tools = read.fields['allowed-tools']
  if (Array.isArray(tools)) return tools.filter((tool) => typeof tool === 'string')
  // By spaces and commas outside of parentheses, as in `Bash(git add:*) Read`.
  return typeof tools === 'string' ? (tools.match(/[^\s,()]+(?:\([^()]*\))?/g) ?? []) : []
}
