/** A `SKILL.md` made of what a gateway knows of a skill. Quoted as JSON, which YAML reads, so that no text can break out. */
export function renderSkillMd(
  name: string,
  description: string,
  body: string,
  more: Readonly<Record<string, unknown>> = {},
): string {
  const known = Object.entries({ name, description, ...more }).filter(
    ([, value]) => value !== null && value !== undefined,
  )
  const lines = known.map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
  return `---\n${lines.join('\n')}\n---\n\n${body.trim()}\n`
}
