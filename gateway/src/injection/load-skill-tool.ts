import type { FunctionTool } from '../conversation/request.ts'
import type { LoadableSkill } from './skill-source.ts'

/** The tool's usual name, and the one it gets when the caller has a tool of that name. */
export const loadToolNames = ['load_skill', 'routeiq_load_skill'] as const

/** A constant but for its name, so that prompts with it can be cached. */
export function loadSkillTool(name: string): FunctionTool {
  return {
    type: 'function',
    name,
    description:
      'Reads the full instructions of one skill. When a row under "## Available Skills" or "## Recommended Skills" fits ' +
      'the task, call this with the name in that row and follow what it returns, before you begin to work. ' +
      'Only names from those tables exist. A turn may read only a few skills, so read the ones you need.',
    parameters: {
      type: 'object',
      properties: {
        name: { type: 'string', description: 'The name of the skill, as written in the table.' },
      },
      required: ['name'],
      additionalProperties: false,
    },
    strict: null,
  }
}

/** A text in the arguments of a call, null when they hold none of that name. */
export function readArgument(argumentsText: string, name: string): string | null {
  try {
    const parsed = JSON.parse(argumentsText) as unknown
    const value = typeof parsed === 'object' && parsed !== null ? Reflect.get(parsed, name) : null
    return typeof value === 'string' && value.trim() !== '' ? value.trim() : null
  } catch {
    return null
  }
}

/** What every body begins with. */
export const bodyHeading = '## Skill: '

/** A body as the model gets it, in a tool result or behind the menu. */
export function renderBody({ name, body }: LoadableSkill): string {
  return `${bodyHeading}${name}\n\n${body}`
}

export function renderLoaded(skill: LoadableSkill): string {
  if (skill.files.length === 0) return renderBody(skill)
  return `${renderBody(skill)}\n\nFiles of this skill: ${skill.files.map(({ path }) => path).join(', ')}`
}

/** Refusals are texts the model can act on. */
export const refusals = {
  unnamed: 'Give the name of a skill as {"name": "…"}, as it is written in the table of skills.',
  pathless:
    'Give the path of a file as {"name": "…", "path": "…"}, as it is written among the files of the skill.',
  unknown: (name: string) => `There is no skill called "${name}". Use a name from the table of skills.`,
  unreadable: (name: string) => `The skill "${name}" cannot be read now. Go on without it.`,
  repeated: (name: string) => `The skill "${name}" is already loaded; its instructions are above.`,
  exhausted: 'No more skills can be read in this turn. Go on with what you have.',
} as const
