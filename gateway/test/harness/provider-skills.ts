import { MalformedMultipart, PartScanner, readBoundary } from '../../src/multipart/part-scanner.ts'
import { anthropicError, anthropicEvents, anthropicMessage, formatAnthropicStream } from './anthropic-wire.ts'
import type { ReceivedRequest } from './received-request.ts'
import type { Call, Step } from './scripted-upstream.ts'
import { respond, respondStream } from './steps.ts'

/** A skill as the vendor keeps it; only its own account sees it. */
export interface ProviderSkill {
  readonly id: string
  /** Epoch microseconds. */
  readonly version: string
  readonly account: string
  readonly title: string | null
  /** Names of the uploaded files, directories included. */
  readonly files: readonly string[]
}

const skillsBeta = 'skills-2025-10-02'
const created = '2026-05-01T12:00:00Z'

/**
 * Anthropic's skills and messages with containers, one account a key, as its reference and its packages describe them:
 * both shapes of `/v1/skills`, and `container.skills` that must exist in the account, with the tool and the betas it needs.
 */
export class ProviderSkills {
  readonly skills: ProviderSkill[] = []
  /** What the next upload answers instead. */
  refusal: Step | null = null
  #count = 0

  readonly step: Step = (call) => {
    const { path } = call.request
    if (path.includes('/messages')) return this.#message(call)
    return this.#skillsApi(call)
  }

  /** One that was put there without the gateway. */
  add(account: string): ProviderSkill {
    this.#count += 1
    const number = String(this.#count).padStart(4, '0')
    const skill: ProviderSkill = {
      ...{ id: `skill_01Provider${number}`, version: `17591780106411${number.slice(-2)}`, account },
      ...{ title: null, files: [] },
    }
    this.skills.push(skill)
    return skill
  }

  #skillsApi(call: Call): void | Promise<void> {
    const { request } = call
    const account = accountOf(request)
    const [, , id, second] = (request.path.split('?')[0] ?? '').slice(1).split('/').map(decodeURIComponent)
    const isBeta = request.headers['anthropic-beta']?.includes(skillsBeta) === true
    if (id === undefined) {
      if (request.method === 'POST') return this.#create(call, account, isBeta)
      const data = this.skills
        .filter((skill) => skill.account === account)
        .map((skill) => show(skill, isBeta))
      return respond(200, { data, has_more: false, next_page: null })(call)
    }
    const skill = this.skills.find((known) => known.id === id && known.account === account)
    if (skill === undefined)
      return respond(404, anthropicError('not_found_error', `Skill ${id} not found.`))(call)
    if (request.method !== 'DELETE') return respond(200, show(skill, isBeta))(call)
    this.skills.splice(this.skills.indexOf(skill), 1)
    const type = second === 'versions' ? 'skill_version_deleted' : 'skill_deleted'
    if (second === 'versions') this.skills.push({ ...skill, version: '' })
    return respond(200, { id, type })(call)
  }

  #create(call: Call, account: string, isBeta: boolean): void | Promise<void> {
    if (this.refusal !== null) {
      const { refusal } = this
      this.refusal = null
      return refusal(call)
    }
    const form = readForm(call.request)
    if (form === null) return respond(400, anthropicError('invalid_request_error', 'Send a form.'))(call)
    const unknown = form.fields.find(([name]) => name !== 'display_title' && name !== 'display_name')
    if (unknown !== undefined)
      return respond(
        400,
        anthropicError('invalid_request_error', `${unknown[0]}: Extra inputs are not permitted`),
      )(call)
    const title = form.fields[0]?.[1] ?? null
    if (title !== null && this.skills.some((skill) => skill.account === account && skill.title === title)) {
      const message = `Skill cannot reuse an existing display_title: ${title}`
      return respond(400, anthropicError('invalid_request_error', message))(call)
    }
    const skill: ProviderSkill = { ...this.add(account), title, files: form.files }
    this.skills[this.skills.length - 1] = skill
    return respond(200, show(skill, isBeta))(call)
  }

  #message(call: Call): void | Promise<void> {
    const { request } = call
    const problem = this.#problemOf(request)
    if (problem !== null) return respond(problem[0], anthropicError(problem[1], problem[2]))(call)
    const wanted = skillsOf(request)
    const container =
      wanted.length === 0
        ? null
        : {
            id: `container_01Upstream${accountOf(request).slice(-1)}`,
            expires_at: '2026-05-01T13:00:00Z',
            skills: wanted.map(({ type, skill_id, version }) => ({
              ...{ type, skill_id },
              version: version === undefined || version === 'latest' ? '20251013' : version,
            })),
          }
    if (request.json['stream'] !== true) return respond(200, { ...anthropicMessage(), container })(call)
    const events = anthropicEvents().map((event) => {
      if (event.type === 'message_start') return { ...event, message: { ...event.message, container } }
      return event.type === 'message_delta' ? { ...event, delta: { ...event.delta, container } } : event
    })
    return respondStream(formatAnthropicStream(events))(call)
  }

  #problemOf(request: ReceivedRequest): readonly [number, string, string] | null {
    const wanted = skillsOf(request)
    if (wanted.length === 0) return null
    const betas = request.headers['anthropic-beta'] ?? ''
    if (request.headers['anthropic-version'] === '2023-06-01' && !betas.includes(skillsBeta))
      return [400, 'invalid_request_error', 'container.skills: Extra inputs are not permitted']
    const tools = (request.json['tools'] ?? []) as { readonly type?: string }[]
    if (!tools.some(({ type }) => type?.startsWith('code_execution') === true))
      return [400, 'invalid_request_error', 'container: skills require the code execution tool']
    for (const { type, skill_id } of wanted) {
      if (type === 'anthropic') continue
      if (!this.skills.some(({ id, account }) => id === skill_id && account === accountOf(request)))
        return [404, 'not_found_error', `Skill ${skill_id} not found.`]
    }
    return null
  }
}

interface WantedSkill {
  readonly type: string
  readonly skill_id: string
  readonly version?: string
}

/** The skills a message asked for. */
export function skillsOf({ json }: ReceivedRequest): readonly WantedSkill[] {
  const container = json['container'] as { readonly skills?: WantedSkill[] } | undefined
  return container?.skills ?? []
}

function accountOf({ headers }: ReceivedRequest): string {
  return headers['x-api-key'] ?? headers['authorization'] ?? ''
}

function show({ id, title, version }: ProviderSkill, isBeta: boolean): object {
  const common = { id, type: 'skill', created_at: created, updated_at: created }
  return isBeta
    ? { ...common, display_title: title, latest_version: version, source: 'custom' }
    : {
        ...common,
        display_name: title ?? 'a skill',
        latest_version_id: `skver_${version}`,
        source: { type: 'custom' },
      }
}

function readForm({ headers, bytes }: ReceivedRequest): {
  readonly files: readonly string[]
  readonly fields: readonly (readonly [string, string])[]
} | null {
  try {
    const boundary = readBoundary(headers['content-type'] ?? '')
    if (boundary === null) return null
    const scanner = new PartScanner(boundary)
    scanner.scan(bytes)
    const fields = scanner.parts.filter(({ isFile }) => !isFile)
    return {
      files: scanner.parts.flatMap(({ fileName }) => fileName ?? []),
      fields: fields.map((part) => [part.name, scanner.textOf(bytes, part) ?? '']),
    }
  } catch (error) {
    if (error instanceof MalformedMultipart) return null
    throw error
  }
}
