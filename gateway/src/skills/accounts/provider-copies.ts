import { setTimeout as sleep } from 'node:timers/promises'
import { GatewayError } from '@routeiq/contract'
import type { UpstreamFailure } from '../../providers/failure.ts'
import type { SharedState } from '../../storage/shared-state/shared-state.ts'
import type { Transport } from '../../transport/transport.ts'
import { type CopiedFile, deleteSkill, uploadSkill } from './account-calls.ts'
import type { KeptCopy, ProviderCopy, ProviderCopyStore } from './provider-copy-store.ts'
import type { SkillAccount } from './skill-account.ts'

/** A skill as it is uploaded. */
export interface CopiedSkill {
  readonly directory: string
  readonly treeDigest: string
  /** Read when an upload is needed. */
  readonly readFiles: () => Promise<readonly CopiedFile[]>
}

export interface ProviderCopiesOptions {
  readonly store: ProviderCopyStore
  /** Lets one of several processes upload. */
  readonly state: Pick<SharedState, 'increment'>
  readonly transport: Transport
  readonly now: () => number
}

interface Known extends ProviderCopy {
  markedAt: number
}

const maxKnown = 10_000
const markEveryMs = 3_600_000
/** Longer than an upload takes. */
const lockMs = 90_000
const pollMs = 250
/** How long an id that is no copy counts as none. */
const foreignMs = 60_000
/** Words Anthropic refuses in the names of skills. */
const reserved = /anthropic|claude/

/** Copies of skills in accounts: one for each account and content, uploaded when it is first needed. */
export class ProviderCopies {
  readonly #options: ProviderCopiesOptions
  readonly #known = new Map<string, Known>()
  readonly #underWay = new Map<string, Promise<ProviderCopy>>()
  readonly #foreign = new Map<string, number>()

  constructor(options: ProviderCopiesOptions) {
    this.#options = options
  }

  /** Errors: 502 `skill_upload_failed`, and those of the store. */
  async provide(account: SkillAccount, skill: CopiedSkill): Promise<ProviderCopy> {
    const key = keyOf(account.fingerprint, skill.treeDigest)
    const known = this.#known.get(key)
    if (known !== undefined) {
      this.#markUsed(account, skill, known)
      return known
    }
    const underWay = this.#underWay.get(key)
    if (underWay !== undefined) return underWay
    const making = this.#findOrUpload(account, skill).finally(() => this.#underWay.delete(key))
    this.#underWay.set(key, making)
    const copy = await making
    keep(this.#known, key, { ...copy, markedAt: this.#options.now() })
    return copy
  }

  async isCopy(fingerprint: string, providerSkillId: string): Promise<boolean> {
    const key = keyOf(fingerprint, providerSkillId)
    const until = this.#foreign.get(key)
    if (until !== undefined && until > this.#options.now()) return false
    const isCopy = await this.#options.store.isCopy(fingerprint, providerSkillId)
    if (!isCopy) keep(this.#foreign, key, this.#options.now() + foreignMs)
    return isCopy
  }

  /** The account lacks a copy that was made in it. */
  async forget(fingerprint: string, providerSkillId: string): Promise<void> {
    for (const [key, copy] of this.#known) {
      if (copy.providerSkillId === providerSkillId && key.startsWith(keyOf(fingerprint, '')))
        this.#known.delete(key)
    }
    await this.#options.store.remove(fingerprint, providerSkillId)
  }

  /**
   * Deletes copies nobody has used since; epoch milliseconds. Those of accounts that are not configured any more are only
   * forgotten. How many could not be deleted.
   */
  async deleteUnused(
    since: number,
    accountOf: (fingerprint: string) => SkillAccount | null,
  ): Promise<number> {
    const { store, transport } = this.#options
    let failures = 0
    for (const copy of await store.takeUnused(since)) {
      this.#known.delete(keyOf(copy.fingerprint, copy.treeDigest))
      const account = accountOf(copy.fingerprint)
      const failure = account === null ? null : await deleteSkill(transport, account, copy)
      if (failure === null) continue
      failures += 1
      await store.save(copy)
    }
    return failures
  }

  async #findOrUpload(account: SkillAccount, skill: CopiedSkill): Promise<ProviderCopy> {
    const { store } = this.#options
    const { fingerprint } = account
    const kept = await store.find(fingerprint, skill.treeDigest)
    if (kept !== null) {
      store.markUsed(fingerprint, skill.treeDigest).catch(() => {})
      return kept
    }
    return this.#uploadOnce(account, skill)
  }

  /** The process that gets the lock uploads; the others wait for what it has made. */
  async #uploadOnce(account: SkillAccount, skill: CopiedSkill): Promise<ProviderCopy> {
    const { store, state } = this.#options
    const lock = { key: `skills:copy:${keyOf(account.fingerprint, skill.treeDigest)}`, ttlMs: lockMs }
    const release = () => state.increment([{ ...lock, by: -1, limit: null }]).catch(() => {})
    for (;;) {
      const { refusedBy } = await state.increment([{ ...lock, by: 1, limit: 1 }])
      try {
        // Whoever had the lock before may have made it.
        const kept = await store.find(account.fingerprint, skill.treeDigest)
        if (kept !== null) return kept
        if (refusedBy === null) return await this.#upload(account, skill)
      } finally {
        if (refusedBy === null) await release()
      }
      await sleep(pollMs)
    }
  }

  async #upload(account: SkillAccount, skill: CopiedSkill): Promise<ProviderCopy> {
    const { store, transport } = this.#options
    const { directory, treeDigest } = skill
    if (!/^[a-z0-9-]{1,64}$/.test(directory) || reserved.test(directory)) {
      const rule = 'only lower-case letters, digits and hyphens, and neither "anthropic" nor "claude"'
      throw uploadFailed(`Anthropic takes no skill called ${directory}: ${rule}.`)
    }
    const uploaded = await uploadSkill(transport, account, directory, await skill.readFiles())
    if ('kind' in uploaded) throw uploadFailed(describe(directory, account, uploaded))
    const made: KeptCopy = { ...uploaded, fingerprint: account.fingerprint, treeDigest }
    const standing = await store.save(made)
    if (standing.providerSkillId !== uploaded.providerSkillId)
      deleteSkill(transport, account, uploaded).catch(() => {})
    return standing
  }

  #markUsed({ fingerprint }: SkillAccount, { treeDigest }: CopiedSkill, known: Known): void {
    const now = this.#options.now()
    if (now - known.markedAt < markEveryMs) return
    known.markedAt = now
    this.#options.store.markUsed(fingerprint, treeDigest).catch(() => {})
  }
}

const keyOf = (fingerprint: string, name: string): string => `${fingerprint}\n${name}`

/** The oldest makes room. */
function keep<Value>(map: Map<string, Value>, key: string, value: Value): void {
  const [oldest] = map.keys()
  if (map.size >= maxKnown && oldest !== undefined) map.delete(oldest)
  map.set(key, value)
}

function describe(directory: string, { name }: SkillAccount, { status, message }: UpstreamFailure): string {
  const said = status === 0 ? message : `status ${status}: ${message}`
  return `The skill ${directory} could not be uploaded to the account of ${name} (${said}).`
}

function uploadFailed(message: string): GatewayError {
  return new GatewayError('skill_upload_failed', message, { origin: 'upstream' })
}
