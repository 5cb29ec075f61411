import { GatewayError } from '@routeiq/contract'
import type { CallsBySource } from '../../http/calls-by-source.ts'
import { type Endpoint, sendNoRoute } from '../../http/dispatch.ts'
import type { Exchange } from '../../http/exchange.ts'
import type { Route } from '../../http/router.ts'
import type { Identity } from '../../pipeline/authenticate.ts'
import { controlEndpoint } from '../../rest/control-endpoint.ts'
import { type ArtifactShelf, addressDigits, type PreparedArtifacts } from './artifacts.ts'
import { fileHeaders } from './file-type.ts'
import type { PublishedFile } from './published-skill.ts'
import type { PublishedSkills, PublishedSnapshot } from './published-skills.ts'
import { ReadyAnswers } from './ready-answers.ts'
import { jsonAnswer, type ReadyAnswer, sendPieces, sendReady, sendRefusal } from './send-file.ts'

export interface WellKnownDependencies {
  readonly identity: Identity
  readonly published: PublishedSkills
  readonly artifacts: ArtifactShelf
  readonly isEnabled: () => boolean
  /** Nobody needs a key here, so that addresses are what can be held to a limit. */
  readonly calls: CallsBySource
}

const schema = 'https://schemas.agentskills.io/discovery/0.2.0/schema.json'
const longestEcho = 256

/** Discovery without a key: version 0.1 (single files) and 0.2 (one artifact a skill, with its digest). */
export function wellKnownRoutes(deps: WellKnownDependencies): Route<Endpoint>[] {
  const plane = new WellKnownPlane(deps)
  const route = (template: string, handle: (exchange: Exchange, rest: string) => void | Promise<void>) =>
    ({
      method: 'GET',
      template,
      auth: 'public',
      aliased: false,
      handler: {
        errors: 'api-v1',
        handle: (exchange, { rest = '' }) => {
          if (!deps.isEnabled()) return sendNoRoute(exchange)
          requireModest(deps.calls, exchange)
          return handle(exchange, rest)
        },
      },
    }) satisfies Route<Endpoint>
  return [
    route('/.well-known/skills/{rest*}', (exchange, rest) => plane.answerFile(exchange, rest)),
    route('/.well-known/agent-skills/{rest*}', (exchange, rest) => plane.answerArtifact(exchange, rest)),
    {
      method: 'GET',
      template: '/api/v1/skill-discovery',
      auth: 'admin',
      aliased: false,
      handler: controlEndpoint({
        identity: deps.identity,
        errors: 'api-v1',
        body: null,
        answer: async () => ({ body: await plane.report() }),
      }),
    },
  ]
}

/** Errors: 429. */
function requireModest(calls: CallsBySource, { request }: Exchange): void {
  if (!calls.record(request.remoteAddress ?? 'unknown')) return
  throw new GatewayError('rate_limit_exceeded', 'Too many requests from this address; wait a minute.', {
    retryAfterSeconds: 60,
  })
}

class WellKnownPlane {
  readonly #deps: WellKnownDependencies
  readonly #answers = new ReadyAnswers()
  readonly #indexes = new WeakMap<PublishedSnapshot, ReadyAnswer>()
  readonly #artifactIndexes = new WeakMap<PreparedArtifacts, ReadyAnswer>()
  #prepared: { readonly of: PublishedSnapshot; readonly artifacts: Promise<PreparedArtifacts> } | null = null

  constructor(deps: WellKnownDependencies) {
    this.#deps = deps
  }

  /** `/.well-known/skills/…`: the index, or a file of a skill. */
  answerFile(exchange: Exchange, rest: string): void | Promise<void> {
    const snapshot = this.#deps.published.read()
    return 'then' in snapshot
      ? snapshot.then((read) => this.#answerFile(exchange, rest, read))
      : this.#answerFile(exchange, rest, snapshot)
  }

  #answerFile(exchange: Exchange, rest: string, snapshot: PublishedSnapshot): void | Promise<void> {
    const path = readPath(rest)
    if (path === 'index.json') return sendReady(exchange, this.#indexOf(snapshot))
    const file = path === null ? undefined : snapshot.files.get(path)
    if (path === null || file === undefined) return refuse(exchange, rest, snapshot)
    const held = this.#answers.get(file)
    return held === undefined ? this.#sendFile(exchange, path, snapshot) : sendReady(exchange, held)
  }

  /** A file that changed since it was listed is looked for once more. */
  async #sendFile(exchange: Exchange, path: string, snapshot: PublishedSnapshot): Promise<void> {
    const headers = [...fileHeaders(path), 'cache-control', 'public, max-age=300']
    for (const found of [snapshot, null]) {
      const file = (found ?? (await this.#deps.published.refresh())).files.get(path)
      if (file !== undefined && (await this.#send(exchange, file, headers))) return
    }
    refuse(exchange, path, snapshot)
  }

  /** `/.well-known/agent-skills/…`: the index, or an artifact by skill, digest and file name. */
  async answerArtifact(exchange: Exchange, rest: string): Promise<void> {
    const snapshot = await this.#deps.published.read()
    const prepared = await this.#prepare(snapshot)
    const path = readPath(rest)
    if (path === 'index.json') return sendReady(exchange, this.#artifactIndexOf(snapshot, prepared))
    const file = path === null ? null : await this.#deps.artifacts.find(path)
    // The bytes are what the digest is of, so nothing may call them text of an encoding or compress them.
    const type = file?.path === 'SKILL.md' ? 'text/markdown; charset=utf-8' : 'application/gzip'
    const headers = ['content-type', type, 'cache-control', 'public, max-age=31536000, immutable']
    if (file === null || !(await this.#send(exchange, file, headers))) refuse(exchange, rest, snapshot)
  }

  /** False when the file is no longer what was listed; nothing has been sent then. */
  async #send(exchange: Exchange, file: PublishedFile, headers: readonly string[]): Promise<boolean> {
    const answer = this.#answers.get(file) ?? (await this.#answers.prepare(file, headers))
    if (answer === null) return false
    const { etag, head, body } = answer
    if (body === null) return sendPieces(exchange, { etag, head }, file.open)
    sendReady(exchange, { etag, head, body })
    return true
  }

  #indexOf(snapshot: PublishedSnapshot): ReadyAnswer {
    let answer = this.#indexes.get(snapshot)
    if (answer === undefined) {
      const skills = snapshot.skills.map(({ name, description, files }) => ({
        ...{ name, description },
        files: files.map(({ path }) => path),
      }))
      answer = jsonAnswer({ skills })
      this.#indexes.set(snapshot, answer)
    }
    return answer
  }

  #artifactIndexOf(snapshot: PublishedSnapshot, prepared: PreparedArtifacts): ReadyAnswer {
    let answer = this.#artifactIndexes.get(prepared)
    if (answer === undefined) {
      answer = artifactIndex(snapshot, prepared)
      this.#artifactIndexes.set(prepared, answer)
    }
    return answer
  }

  /** The artifacts of a snapshot are made once, for whoever asks first. */
  async #prepare(snapshot: PublishedSnapshot): Promise<PreparedArtifacts> {
    const { artifacts } = this.#deps
    if (this.#prepared?.of !== snapshot)
      this.#prepared = { of: snapshot, artifacts: artifacts.prepare(snapshot.skills) }
    const entry = this.#prepared
    const forget = (): void => {
      if (this.#prepared === entry) this.#prepared = null
    }
    const prepared = await entry.artifacts.catch((error: unknown) => {
      forget()
      throw error
    })
    if (prepared.isIncomplete) forget()
    else await artifacts.touch(prepared)
    return prepared
  }

  async report(): Promise<object> {
    const { isEnabled, published } = this.#deps
    const plugin = { name: 'skills-discovery', version: '1.0.0' }
    if (!isEnabled()) return { ...plugin, status: 'disabled', skills: [], omitted: [] }
    const snapshot = await published.read()
    const { bySkill, omitted } = await this.#prepare(snapshot)
    const skills = snapshot.skills.map(({ name, files, versionId }) => ({
      ...{ name, source: versionId === null ? 'dir' : 'store', files: files.length },
      digest: bySkill.get(name)?.digest ?? null,
    }))
    return { ...plugin, status: 'ok', skills, omitted: [...snapshot.omitted, ...omitted] }
  }
}

/** The decoded path of a target, `/`-separated; null when no file may be called so. Each segment is decoded once. */
function readPath(rest: string): string | null {
  const query = rest.indexOf('?')
  const raw = query === -1 ? rest : rest.slice(0, query)
  if (!raw.includes('%')) return raw
  const segments = raw.split('/').map(decodeSegment)
  return segments.every((segment) => segment !== null && !segment.includes('/')) ? segments.join('/') : null
}

function decodeSegment(segment: string): string | null {
  try {
    return decodeURIComponent(segment)
  } catch {
    return null
  }
}

/** Every refusal is the same 404. Paths are only ever compared with those that are listed. */
function refuse(exchange: Exchange, rest: string, { names }: PublishedSnapshot): void {
  const [segment = '', ...more] = (rest.split('?')[0] ?? '')
    .split('/')
    .map((part) => decodeSegment(part) ?? part)
  const detail = names.has(segment)
    ? `File not found: ${segment}/${more.join('/').slice(0, longestEcho)}`
    : `Skill not found: ${segment.slice(0, longestEcho)}`
  sendRefusal(exchange, { detail })
}

function artifactIndex({ skills }: PublishedSnapshot, { bySkill }: PreparedArtifacts): ReadyAnswer {
  const entries = skills.flatMap(({ name, description }) => {
    const artifact = bySkill.get(name)
    if (artifact === undefined) return []
    const { type, digest, fileName } = artifact
    const url = `${name}/${digest.slice(0, addressDigits)}/${fileName}`
    return [{ name, type, description, url, digest: `sha256:${digest}` }]
  })
  return jsonAnswer({ $schema: schema, skills: entries })
}
