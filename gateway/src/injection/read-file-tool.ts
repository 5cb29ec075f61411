import type { FunctionTool } from '../conversation/request.ts'
import type { LoadableSkill } from './skill-source.ts'

/** The tool's usual name, and the one it gets when the caller has a tool of that name. */
export const readFileToolNames = ['read_skill_file', 'routeiq_read_skill_file'] as const

/** Bytes of the largest file a model gets. */
const largestFile = 65_536

/** A constant but for its name, so that prompts with it can be cached. */
export function readFileTool(name: string): FunctionTool {
  return {
    type: 'function',
    name,
    description:
      'Reads one more file of a skill: a reference, a template or a script. When the instructions of a skill point to a ' +
      'file, call this with the name of the skill and the path as it stands among "Files of this skill". ' +
      'A turn has room for little text, so read what the task needs.',
    parameters: {
      type: 'object',
      properties: {
        name: { type: 'string', description: 'The name of the skill, as written in the table.' },
        path: { type: 'string', description: 'The path of the file below the folder of the skill.' },
      },
      required: ['name', 'path'],
      additionalProperties: false,
    },
    strict: null,
  }
}

/** A file as the model gets it. */
export function renderFile({ name }: LoadableSkill, path: string, text: string): string {
  return `## File: ${name}/${path}\n\n${text}`
}

/** Why the model gets no file of this path; null when it may be read. */
export function refuseFile({ name, files }: LoadableSkill, path: string): string | null {
  const file = files.find((candidate) => candidate.path === path)
  if (file === undefined) {
    const paths = files.filter(({ isText }) => isText).map((candidate) => candidate.path)
    const others = paths.length === 0 ? 'It has no other files.' : `Its files are: ${paths.join(', ')}`
    return `The skill "${name}" has no file "${path}". ${others}`
  }
  if (!file.isText) return `The file "${path}" of the skill "${name}" is not text. Go on without it.`
  if (file.sizeBytes > largestFile)
    return `The file "${path}" of the skill "${name}" is larger than 64 KiB. Go on without it.`
  return null
}
