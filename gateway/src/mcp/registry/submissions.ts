import { GatewayError } from '@routeiq/contract'
import type { McpServerSettings } from '../../config/config.ts'
import type { McpServer } from '../server.ts'
import type { McpRegistry } from './mcp-registry.ts'
import type { ServerSecrets } from './server-secrets.ts'
import type { McpSubmissionStore, Submission } from './submission-store.ts'

const mostOfOne = 20

/** A submission with what was proposed, without what is secret about it; null when its secrets cannot be read. */
export interface ReadableSubmission {
  readonly submission: Submission
  readonly settings: McpServerSettings | null
}

export interface SubmissionsOptions {
  readonly store: McpSubmissionStore
  readonly secrets: ServerSecrets
  readonly registry: McpRegistry
}

/** Tool servers that people propose. Nothing is called before an admin has approved it. */
export class Submissions {
  readonly #options: SubmissionsOptions

  constructor(options: SubmissionsOptions) {
    this.#options = options
  }

  /** Errors: 409 `conflict` when the id or alias is taken, or too many of the submitter wait. */
  async submit(settings: McpServerSettings, submitter: string | null): Promise<ReadableSubmission> {
    const { store, secrets, registry } = this.#options
    registry.requireFree(settings)
    const { open, sealed } = secrets.split(settings)
    const submission = {
      serverId: settings.serverId,
      settings: open,
      secrets: sealed,
      submittedBy: submitter,
    }
    if (!(await store.put(submission, mostOfOne)))
      throw new GatewayError(
        'conflict',
        `Another server was proposed as ${settings.serverId}, or ${mostOfOne} of yours wait already.`,
        { param: 'server_id' },
      )
    return this.#require(settings.serverId)
  }

  async list(): Promise<readonly ReadableSubmission[]> {
    return (await this.#options.store.list()).map((submission) => this.#read(submission))
  }

  /** Registers what was proposed. Errors: 404 `server_not_found`; as registering. */
  async approve(serverId: string): Promise<McpServer> {
    const { store, registry } = this.#options
    const { submission, settings } = await this.#require(serverId)
    if (settings === null)
      throw new GatewayError(
        'conflict',
        `The secrets of ${serverId} cannot be read; it has to be proposed anew.`,
      )
    const server = await registry.write(settings, 'create', submission.submittedBy)
    await store.remove(serverId)
    return server
  }

  /** Errors: 404 `server_not_found`. */
  async reject(serverId: string, actor: string | null, notes: string | null): Promise<ReadableSubmission> {
    if (!(await this.#options.store.reject(serverId, actor, notes))) throw notProposed(serverId)
    return this.#require(serverId)
  }

  async #require(serverId: string): Promise<ReadableSubmission> {
    const submission = await this.#options.store.find(serverId)
    if (submission === null) throw notProposed(serverId)
    return this.#read(submission)
  }

  #read(submission: Submission): ReadableSubmission {
    return { submission, settings: this.#options.secrets.join(submission.settings, submission.secrets) }
  }
}

function notProposed(serverId: string): GatewayError {
  return new GatewayError('server_not_found', `Nobody has proposed a tool server ${serverId}.`)
}
