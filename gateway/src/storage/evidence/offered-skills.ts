import { hash } from 'node:crypto'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'
import { jsonParameter } from './json-parameter.ts'

/** A skill in a version, as a decision names it. Of one that was passed over the version does not count: it is empty. */
export interface NamedSkill {
  readonly skillId: string
  readonly versionId: string
  readonly contentHash: string
  readonly name: string
}

/** In the order of keys, so that replicas that write the same ones never wait for each other in a circle. */
const insert = `
INSERT INTO offered_skills (workspace_id, key, skill_id, version_id, content_hash, name, last_day)
SELECT workspace_id, key, skill_id, version_id, content_hash, name, last_day
FROM json_to_recordset($1::json) AS row (
  workspace_id text, key text, skill_id text, version_id text, content_hash text, name text, last_day date)
ORDER BY workspace_id, key
ON CONFLICT (workspace_id, key) DO UPDATE SET last_day = excluded.last_day
WHERE offered_skills.last_day < excluded.last_day`
const keyBytes = 12
/** Remembered as written. */
const maxKnown = 32_768

interface Known extends NamedSkill {
  readonly workspaceId: string
  readonly key: string
  /** The last day the store has been told of; empty for none. */
  day: string
}

/** Tells the store of every skill that decisions name, once a day, ahead of them. */
export class OfferedSkills {
  readonly #pool: Database['pool']
  /** By version, or by skill where there is none. Another skill under the same id takes the place. */
  readonly #known = new Map<string, Known>()
  readonly #untold = new Map<string, Known>()

  constructor({ pool }: Database) {
    this.#pool = pool
  }

  /** What decisions of this day call the skill; the store knows it after `tell`. */
  keyOf(workspaceId: string, skill: NamedSkill, day: string): string {
    const known = this.#find(workspaceId, skill)
    if (known.day < day) {
      known.day = day
      this.#untold.set(`${workspaceId} ${known.key}`, known)
    }
    return known.key
  }

  /** Errors: those of the store; what could not be told is told the next time it is named. */
  async tell(): Promise<void> {
    if (this.#untold.size === 0) return
    const told = [...this.#untold.values()]
    this.#untold.clear()
    const rows = told.map(({ workspaceId, key, skillId, versionId, contentHash, name, day }) => ({
      ...{ workspace_id: workspaceId, key, skill_id: skillId, version_id: versionId },
      ...{ content_hash: contentHash, name, last_day: day },
    }))
    try {
      await guardQuery(
        this.#pool.query({ name: 'tell-offered-skills', text: insert, values: [jsonParameter(rows)] }),
      )
    } catch (error) {
      for (const known of told) known.day = ''
      throw error
    }
  }

  #find(workspaceId: string, { skillId, versionId, contentHash, name }: NamedSkill): Known {
    const id = versionId === '' ? skillId : versionId
    const known = this.#known.get(id)
    const isSame =
      known?.name === name &&
      known.skillId === skillId &&
      known.contentHash === contentHash &&
      known.workspaceId === workspaceId
    if (isSame) return known
    const digest = hash('sha256', JSON.stringify([skillId, versionId, contentHash, name]), 'buffer')
    const key = digest.subarray(0, keyBytes).toString('base64url')
    const found = { workspaceId, skillId, versionId, contentHash, name, key, day: '' }
    if (this.#known.size >= maxKnown) this.#known.clear()
    this.#known.set(id, found)
    return found
  }
}
