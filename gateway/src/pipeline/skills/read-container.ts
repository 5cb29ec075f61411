import { GatewayError } from '@routeiq/contract'
import { type JsonRecord, readRecord, readText } from '../../conversation/json-value.ts'

/** One entry of `container.skills` as the caller wrote it. */
export interface WantedSkill {
  readonly type: 'custom' | 'anthropic'
  readonly id: string
  /** Null for the newest. */
  readonly version: string | null
  /** The entry itself. */
  readonly value: JsonRecord
}

/** The skills a body wants in a container; null for none. Errors: 400 naming the entry. */
export function readContainerSkills(container: unknown, limit: number): readonly WantedSkill[] | null {
  const skills = readRecord(container)?.['skills']
  if (skills === undefined || skills === null) return null
  if (!Array.isArray(skills)) throw malformed('container.skills', 'must be a list of skills')
  if (skills.length === 0) return null
  if (skills.length > limit)
    throw malformed('container.skills', `holds ${skills.length} skills; at most ${limit} are accepted`)
  const wanted = skills.map((value, index) => readSkill(value, `container.skills[${index}]`))
  const names = wanted.map(({ type, id }) => `${type} ${id}`)
  const repeated = names.findIndex((name, index) => names.indexOf(name) !== index)
  if (repeated !== -1) throw malformed(`container.skills[${repeated}]`, 'is there twice')
  return wanted
}

function readSkill(value: unknown, path: string): WantedSkill {
  const record = readRecord(value)
  if (record === null) throw malformed(path, 'must be {"type", "skill_id", "version"}')
  const { type } = record
  if (type !== 'custom' && type !== 'anthropic')
    throw malformed(`${path}.type`, 'must be "custom" or "anthropic"')
  const id = readText(record['skill_id'])
  if (id === null || id.length > 256) throw malformed(`${path}.skill_id`, 'must be the id of a skill')
  const version = record['version'] ?? null
  if (version !== null && (typeof version !== 'string' || version === '' || version.length > 128))
    throw malformed(`${path}.version`, 'must be the id of a version, or "latest"')
  return { type, id, version, value: record }
}

function malformed(param: string, problem: string): GatewayError {
  return new GatewayError('invalid_request', `\`${param}\` ${problem}.`, { param })
}
