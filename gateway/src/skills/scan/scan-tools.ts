import type { Finding } from './finding.ts'

const everything = /^(?:\*|Bash(?:\(\s*\*?\s*(?::\s*\*\s*)?\))?)$/
const needsShell =
  /\b(?:bash|shell|command|terminal|script|run|execute|cli|npm|pip|git|docker|make)\b|```(?:sh|bash|shell|console)/i

/** Tools that a skill asks for without its text having a use for them. */
export function scanTools(allowedTools: readonly string[], body: string, line: number): readonly Finding[] {
  return allowedTools.flatMap((tool) => {
    const isAll = tool === '*'
    if (!everything.test(tool) || (!isAll && needsShell.test(body))) return []
    const message = isAll
      ? 'allowed-tools asks for every tool; name those the skill needs.'
      : 'allowed-tools asks for a shell that the text has no use for.'
    return [{ check: 'tool_overreach', severity: 'warning', message, file: 'SKILL.md', line, evidence: tool }]
  })
}
