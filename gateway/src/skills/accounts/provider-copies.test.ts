import { describe, expect, it } from 'vitest'
import { HeaderFields } from '../../http1/header-fields.ts'
import { InProcessState } from '../../storage/shared-state/in-process-state.ts'
import type { Transport, UpstreamRequest } from '../../transport/transport.ts'
import { type CopiedSkill, ProviderCopies } from './provider-copies.ts'
import type { KeptCopy, ProviderCopyStore } from './provider-copy-store.ts'
import type { SkillAccount } from './skill-account.ts'

const account: SkillAccount = {
  ...{ name: 'claude', vendor: 'anthropic', fingerprint: 'a', origin: 'https://up.test', path: '/v1/skills' },
  headers: ['x-api-key', 'sk-up'],
  authorization: null,
}
const skill = (treeDigest: string, directory = 'forms'): CopiedSkill => ({
  ...{ directory, treeDigest },
  readFiles: () => Promise.resolve([{ path: 'SKILL.md', content: Buffer.from('---') }]),
})

/** Copies in memory. */
class MemoryCopies implements ProviderCopyStore {
  rows: (KeptCopy & { usedAt: number })[] = []
  now = 0

  async find(fingerprint: string, treeDigest: string) {
    return this.rows.find((row) => row.fingerprint === fingerprint && row.treeDigest === treeDigest) ?? null
  }
  async save(copy: KeptCopy) {
    const standing = await this.find(copy.fingerprint, copy.treeDigest)
    if (standing === null) this.rows.push({ ...copy, usedAt: this.now })
    return standing ?? copy
  }
  async isCopy(_fingerprint: string, id: string) {
    return this.rows.some((row) => row.providerSkillId === id)
  }
  async markUsed(_fingerprint: string, treeDigest: string) {
    for (const row of this.rows) if (row.treeDigest === treeDigest) row.usedAt = this.now
  }
  async remove(_fingerprint: string, id: string) {
    this.rows = this.rows.filter((row) => row.providerSkillId !== id)
  }
  async takeUnused(since: number) {
    const taken = this.rows.filter((row) => row.usedAt < since)
    this.rows = this.rows.filter((row) => row.usedAt >= since)
    return taken
  }
}

/** A vendor that gives every upload an id, and answers the rest with `status`. */
function openVendor(status = 200) {
  const requests: UpstreamRequest[] = []
  let uploads = 0
  const transport: Transport = {
    send: (request, sink) => {
      requests.push(request)
      const isUpload = request.method === 'POST'
      if (isUpload) uploads += 1
      const body = isUpload ? { id: `skill_${uploads}`, latest_version: `v${uploads}` } : {}
      setTimeout(() => {
        sink.onHeaders(isUpload ? 200 : status, HeaderFields.from({ 'content-type': 'application/json' }))
        sink.onData(Buffer.from(JSON.stringify(body)))
        sink.onEnd()
      }, 5)
      return { cancel: () => {}, resume: () => {} }
    },
    close: () => Promise.resolve(),
  }
  return { transport, requests }
}

function open(status?: number) {
  const vendor = openVendor(status)
  const store = new MemoryCopies()
  const state = new InProcessState(Date.now)
  const process_ = () =>
    new ProviderCopies({ store, state, transport: vendor.transport, now: () => store.now })
  return { ...vendor, store, process: process_, copies: process_() }
}

describe('copies', () => {
  it('are uploaded once, however many processes want them at once', async () => {
    const { process, requests } = open()
    const made = await Promise.all(
      Array.from({ length: 4 }, process).flatMap((copies) =>
        Array.from({ length: 3 }, () => copies.provide(account, skill('tree'))),
      ),
    )
    expect(new Set(made.map(({ providerSkillId }) => providerSkillId))).toEqual(new Set(['skill_1']))
    expect(requests).toHaveLength(1)
    expect(requests[0]?.headers).toEqual(expect.arrayContaining(['anthropic-beta', 'skills-2025-10-02']))
  })

  it('are deleted when nobody has used them, version first, as far as the account is still known', async () => {
    const { copies, store, requests } = open()
    await copies.provide(account, skill('old'))
    await copies.provide({ ...account, fingerprint: 'gone' }, skill('old'))
    store.now = 10_000_000
    await copies.provide(account, skill('new'))
    requests.length = 0
    expect(await copies.deleteUnused(5_000, (fingerprint) => (fingerprint === 'a' ? account : null))).toBe(0)
    expect(requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'DELETE /v1/skills/skill_1/versions/v1',
      'DELETE /v1/skills/skill_1',
    ])
    expect(store.rows.map(({ treeDigest }) => treeDigest)).toEqual(['new'])
    await copies.provide(account, skill('old'))
    expect(store.rows.at(-1)).toMatchObject({ treeDigest: 'old', providerSkillId: 'skill_4' })
  })

  it('are kept in mind when the vendor does not delete them', async () => {
    const { copies, store } = open(500)
    await copies.provide(account, skill('old'))
    store.now = 10_000
    expect(await copies.deleteUnused(5_000, () => account)).toBe(1)
    expect(store.rows).toMatchObject([{ treeDigest: 'old' }])
    const gone = open(404)
    await gone.copies.provide(account, skill('old'))
    gone.store.now = 10_000
    expect(await gone.copies.deleteUnused(5_000, () => account)).toBe(0)
  })

  it('stay in use as long as they are asked for', async () => {
    const { copies, store } = open()
    await copies.provide(account, skill('used'))
    store.now = 4_000_000
    await copies.provide(account, skill('used'))
    expect(store.rows).toMatchObject([{ usedAt: 4_000_000 }])
    expect(await copies.isCopy('a', 'skill_1')).toBe(true)
    expect(await copies.isCopy('a', 'skill_other')).toBe(false)
  })
})
