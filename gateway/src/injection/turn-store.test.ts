import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { BlobSealer } from '../conversation/blob-sealer.ts'
import type { TurnRecord } from './turn-record.ts'
import { type SharedTurns, TurnStore } from './turn-store.ts'

const record: TurnRecord = {
  routingId: 'rt_1',
  mode: 'auto',
  stableBlock: 'the menu',
  hint: 'pdf',
  agentName: null,
  offered: ['pdf'],
  hinted: ['pdf'],
  visible: ['pdf'],
  deploymentId: null,
  degradedReason: null,
  fileTokens: 0,
  loaded: [],
  hidden: [{ fingerprint: 'f', messages: [], held: [], tokens: 3 }],
  isClosed: false,
  createdAt: 1,
}
const sealer = new BlobSealer('a secret', randomBytes)

function open(shared: SharedTurns, limit = 100): TurnStore {
  return new TurnStore({ shared, sealer, replicated: true, limit })
}

/** What was remembered is with others once it can be found. */
async function remember(store: TurnStore): Promise<void> {
  store.remember('one', Promise.resolve(record))
  await store.find(['one'])
}

function memory() {
  const values = new Map<string, string>()
  let reads = 0
  const shared: SharedTurns = {
    get: async (key) => {
      reads += 1
      return values.get(key) ?? null
    },
    set: async (key, value) => void values.set(key, value),
  }
  return { values, shared, reads: () => reads }
}

describe('TurnStore', () => {
  it('finds a turn that another replica remembers, asks once, and lets nobody read it on the way', async () => {
    const { values, shared, reads } = memory()
    await remember(open(shared))
    expect([...values.values()].join()).not.toContain('menu')
    const other = open(shared)
    expect((await other.find(['one'])).get('one')).toEqual(record)
    await other.find(['one'])
    expect(reads()).toBe(1)
  })

  it('takes nothing that was sealed for another turn, or not by us', async () => {
    const { values, shared } = memory()
    await remember(open(shared))
    const [sealed] = values.values()
    values.set('skills:turn:two', sealed ?? '')
    values.set('skills:turn:three', 'rubbish')
    expect((await open(shared).find(['two', 'three'])).size).toBe(0)
  })

  it('goes on without what is shared when that fails or does not answer', async () => {
    const failing = {
      get: () => Promise.reject(new Error('down')),
      set: () => Promise.reject(new Error('down')),
    }
    const store = open(failing)
    store.remember('one', Promise.resolve(record))
    expect((await store.find(['one', 'two'])).size).toBe(1)
    const silent = { get: () => new Promise<never>(() => {}), set: () => new Promise<never>(() => {}) }
    expect((await open(silent).find(['one'])).size).toBe(0)
  })

  it('keeps the turns used last', async () => {
    const silent = { get: async () => null, set: async () => {} }
    const store = open(silent, 2)
    for (const digest of ['one', 'two', 'three']) store.remember(digest, Promise.resolve(record))
    expect([...(await store.find(['one', 'two', 'three'])).keys()]).toEqual(['two', 'three'])
  })
})
