import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ConfigDocument } from '../config/load-config.ts'
import type { Leadership } from '../leadership/leader-election.ts'
import { ConfigSync, type Problem } from './config-sync.ts'
import { type RemoteDocument, type RemoteSource, RemoteSourceError } from './remote-source.ts'
import type { ConfigSnapshot, NewSnapshot, SnapshotStore } from './snapshot-store.ts'

/** A place whose ETag is its text. */
class Place implements RemoteSource {
  readonly kind = 's3'
  readonly location = 's3://configs/config.yaml'
  readonly asked: (string | null)[] = []
  text: string | Error = 'one'

  async fetch(etag: string | null): Promise<RemoteDocument | null> {
    this.asked.push(etag)
    if (this.text instanceof Error) throw this.text
    return etag === this.text ? null : { text: this.text, etag: this.text }
  }
}

class Shared implements SnapshotStore {
  held: (ConfigSnapshot & { readonly token: number }) | null = null
  isAway = false

  async version(): Promise<number> {
    if (this.isAway) throw new Error('the database is away')
    return this.held?.version ?? 0
  }

  async read(): Promise<ConfigSnapshot | null> {
    return this.held
  }

  async publish({ token, etag, content }: NewSnapshot): Promise<number | null> {
    if (this.isAway) throw new Error('the database is away')
    const before = this.held?.token ?? 0
    if (token !== null && token < before) return null
    const version = (this.held?.version ?? 0) + 1
    this.held = { version, etag, content, token: token ?? before }
    return version
  }
}

interface Replica {
  readonly sync: ConfigSync
  token: number | null
  readonly applied: string[]
  readonly failures: string[]
}

let place: Place
let shared: Shared
let replicas: Replica[]

function replica(token: number | null, { key = 'key', refuses = '' } = {}): Replica {
  const leadership: Leadership = {
    get token() {
      return opened.token
    },
    start: async () => {},
    close: async () => {},
  }
  const judge = ({ text }: ConfigDocument): readonly Problem[] =>
    text === 'bad' || text === refuses ? [{ path: 'model_list', message: 'this is bad' }] : []
  const sync = new ConfigSync({
    ...{ source: place, sourceId: 'id', snapshots: shared, polls: true, intervalMs: 60_000, judge },
    seal: (text) => `${key} ${text}`,
    open: (sealed) => (sealed.startsWith(`${key} `) ? sealed.slice(key.length + 1) : null),
    leadership: () => leadership,
    announce: () => {
      for (const other of replicas) if (other !== opened) void other.sync.follow()
    },
    log: (level, _event, { reason = '' }) => {
      if (level === 'error') opened.failures.push(reason)
    },
    now: () => Date.now(),
  })
  const opened: Replica = { sync, token, applied: [], failures: [] }
  replicas.push(opened)
  return opened
}

async function start(opened: Replica): Promise<Replica> {
  const opening = opened.sync.open()
  await vi.advanceTimersByTimeAsync(10_000)
  await opening
  opened.sync.start(async ({ text }) => void opened.applied.push(text))
  return opened
}

beforeEach(() => {
  vi.useFakeTimers()
  place = new Place()
  shared = new Shared()
  replicas = []
})
afterEach(async () => {
  for (const { sync } of replicas) await sync.close()
  vi.useRealTimers()
})

describe('the leader', () => {
  it('asks at the start and at each interval, and has what is new applied', async () => {
    const leader = await start(replica(1))
    expect(leader.sync.document).toEqual({ kind: 's3', location: place.location, text: 'one' })
    place.text = 'two'
    await vi.advanceTimersByTimeAsync(60_000)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(leader.applied).toEqual(['two'])
    expect(place.asked).toEqual([null, 'one', 'two'])
    expect(leader.sync.state).toMatchObject({ etag: 'two', lastError: null, isRunning: true })
  })

  it('keeps the last good document while there is a bad one, and asks for it again', async () => {
    const leader = await start(replica(1))
    place.text = 'bad'
    expect(await leader.sync.fetch()).toEqual({
      kind: 'refused',
      problems: [{ path: 'model_list', message: 'this is bad' }],
    })
    expect(leader.sync.state).toMatchObject({ etag: 'one', lastError: 'model_list: this is bad' })
    place.text = 'one'
    expect(await leader.sync.fetch()).toEqual({ kind: 'synced' })
    expect(leader.sync.state.lastError).toBeNull()
    expect([place.asked.at(-1), leader.applied, shared.held?.version]).toEqual(['one', [], 1])
  })

  it('says why the place cannot be read', async () => {
    const leader = await start(replica(1))
    place.text = new RemoteSourceError('status 403')
    expect(await leader.sync.fetch()).toEqual({ kind: 'unreachable', message: 'status 403' })
    expect([leader.sync.state.lastError, leader.failures]).toEqual(['status 403', ['status 403']])
  })

  it('puts nothing in force that it cannot share', async () => {
    const leader = await start(replica(1))
    shared.isAway = true
    place.text = 'two'
    expect(await leader.sync.fetch()).toMatchObject({ kind: 'unreachable' })
    expect([leader.applied, leader.sync.document?.text]).toEqual([[], 'one'])
    shared.isAway = false
    expect(await leader.sync.fetch()).toEqual({ kind: 'synced' })
    expect(leader.applied).toEqual(['two'])
  })

  it('that was followed by another takes what that one has published', async () => {
    const old = await start(replica(1))
    const next = await start(replica(2))
    place.text = 'two'
    await next.sync.fetch()
    shared.held = { version: 3, token: 2, etag: 'three', content: 'key three' }
    place.text = 'late'
    expect(await old.sync.fetch()).toEqual({ kind: 'synced' })
    expect([old.applied.at(-1), old.sync.document?.text, shared.held.version]).toEqual(['three', 'three', 3])
  })
})

describe('a follower', () => {
  it('asks nobody and takes what the leader publishes', async () => {
    const leader = await start(replica(1))
    const follower = await start(replica(null))
    expect(follower.sync.document?.text).toBe('one')
    place.text = 'two'
    await leader.sync.fetch()
    await vi.advanceTimersByTimeAsync(180_000)
    expect([follower.applied, follower.sync.state.skippedSyncs]).toEqual([['two'], 3])
    expect(place.asked.filter((etag) => etag === null)).toHaveLength(1)
    expect(follower.sync.state).toMatchObject({ lastSyncAt: null, etag: 'two' })
  })

  it('finds out within seconds what nobody told it', async () => {
    const follower = await start(replica(null))
    shared.held = { version: 9, token: 1, etag: 'nine', content: 'key nine' }
    await vi.advanceTimersByTimeAsync(5_000)
    expect(follower.applied).toEqual(['nine'])
  })

  it('has what came while it was put together applied when it starts', async () => {
    const { sync, applied } = replica(1)
    await sync.open()
    place.text = 'two'
    await sync.fetch()
    sync.start(async ({ text }) => void applied.push(text))
    await vi.advanceTimersByTimeAsync(0)
    expect(applied).toEqual(['two'])
  })

  it('waits for the first document of a leader that has just begun', async () => {
    const follower = replica(null)
    const opening = follower.sync.open()
    await vi.advanceTimersByTimeAsync(1_000)
    await replica(1).sync.fetch()
    await vi.advanceTimersByTimeAsync(1_000)
    await opening
    expect([follower.sync.document?.text, place.asked]).toEqual(['one', [null]])
  })

  it('asks itself where no leader has a document for it', async () => {
    const follower = await start(replica(null))
    expect([follower.sync.document?.text, shared.held?.version]).toEqual(['one', 1])
  })

  it('asks itself when an operator says so, for everybody', async () => {
    const [leader, follower] = [await start(replica(1)), await start(replica(null))]
    place.text = 'two'
    expect(await follower.sync.fetch()).toEqual({ kind: 'synced' })
    await vi.advanceTimersByTimeAsync(0)
    expect([leader.applied, follower.applied]).toEqual([['two'], ['two']])
  })

  it.each([
    [{ key: 'another key' }, 'encrypted with a key that is not configured'],
    [{ refuses: 'two' }, 'model_list: this is bad'],
  ])('keeps what it has where it cannot use the shared document: %o', async (traits, words) => {
    const leader = await start(replica(1))
    const follower = await start(replica(null, traits))
    follower.failures.length = 0
    place.text = 'two'
    await leader.sync.fetch()
    await vi.advanceTimersByTimeAsync(60_000)
    expect([follower.applied, follower.sync.document?.text]).toEqual([[], 'one'])
    // Told once, not every five seconds.
    expect(follower.failures).toEqual([expect.stringContaining(words)])
    expect(follower.sync.state.lastError).toContain(words)
  })

  it('becomes the leader and asks at once', async () => {
    const follower = await start(replica(null))
    const before = place.asked.length
    follower.token = 2
    follower.sync.lead()
    await vi.advanceTimersByTimeAsync(0)
    expect(place.asked.length).toBe(before + 1)
  })
})

it('a restart begins with the last good document when the place is away', async () => {
  await start(replica(1))
  place.text = new RemoteSourceError('the connection failed')
  const again = await start(replica(1))
  expect(again.sync.document?.text).toBe('one')
  expect(again.sync.state.lastError).toBe('the connection failed')
})
