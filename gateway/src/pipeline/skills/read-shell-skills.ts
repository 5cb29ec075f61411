import { GatewayError } from '@routeiq/contract'
import { type JsonRecord, readList, readRecord, readText } from '../../conversation/json-value.ts'

/** A skill of the container that a shell tool of Responses runs in. */
export type ShellSkill = { readonly value: JsonRecord } & (
  | { readonly type: 'skill_reference'; readonly id: string; readonly version: string | null }
  /** A zip, in base64. */
  | { readonly type: 'inline'; readonly name: string; readonly data: string }
)

/** The skills of the containers that shell tools ask for, in their order; null for none. Errors: 400 naming the entry. */
export function readShellSkills(tools: unknown, limit: number): readonly ShellSkill[] | null {
  const skills = readList(tools).flatMap((tool, at) =>
    skillsOf(tool).map((value, index) => readSkill(value, `tools[${at}].environment.skills[${index}]`)),
  )
  if (skills.length > limit)
    throw malformed('tools', `bring ${skills.length} skills; at most ${limit} are accepted`)
  return skills.length === 0 ? null : skills
}

/** Whether a tool is a shell that the vendor runs. */
export function isHostedShell(tool: unknown): boolean {
  const { type, environment } = readRecord(tool) ?? {}
  return type === 'shell' && readRecord(environment)?.['type'] === 'container_auto'
}

/** The tools with what `replace` gives in the place of each skill. */
export function replaceShellSkills(tools: unknown, replace: (skill: unknown) => unknown): readonly unknown[] {
  return readList(tools).map((tool) => {
    if (skillsOf(tool).length === 0) return tool
    const { environment, ...members } = readRecord(tool) ?? {}
    return { ...members, environment: { ...readRecord(environment), skills: skillsOf(tool).map(replace) } }
  })
}

function skillsOf(tool: unknown): readonly unknown[] {
  return isHostedShell(tool) ? readList(readRecord(readRecord(tool)?.['environment'])?.['skills']) : []
}

function readSkill(entry: unknown, path: string): ShellSkill {
  const value = readRecord(entry)
  if (value?.['type'] === 'skill_reference') return readReference(value, path)
  if (value?.['type'] === 'inline') return readInline(value, path)
  throw malformed(`${path}.type`, 'must be "skill_reference" or "inline"')
}

function readReference(value: JsonRecord, path: string): ShellSkill {
  const id = readText(value['skill_id'])
  if (id === null || id.length > 256) throw malformed(`${path}.skill_id`, 'must be the id of a skill')
  const version = value['version'] ?? null
  const isVersion =
    typeof version === 'string' ? version !== '' && version.length <= 128 : Number.isInteger(version)
  if (version !== null && !isVersion)
    throw malformed(`${path}.version`, 'must be the number of a version, or "latest"')
  return { type: 'skill_reference', id, version: version === null ? null : String(version), value }
}

function readInline(value: JsonRecord, path: string): ShellSkill {
  const name = readText(value['name'])
  if (name === null || name.length > 64) throw malformed(`${path}.name`, 'must be the name of the skill')
  const source = readRecord(value['source'])
  const data = readText(source?.['data'])
  if (source?.['type'] !== 'base64' || source['media_type'] !== 'application/zip' || data === null)
    throw malformed(`${path}.source`, 'must be {"type": "base64", "media_type": "application/zip", "data"}')
  return { type: 'inline', name, data, value }
}

function malformed(param: string, problem: string): GatewayError {
  return new GatewayError('invalid_request', `\`${param}\` ${problem}.`, { param })
}
