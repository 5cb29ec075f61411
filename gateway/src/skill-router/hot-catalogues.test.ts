import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { catalogueSkill, FakeSource } from './catalogue-source.fixture.ts'
import { HotCatalogues } from './hot-catalogues.ts'

/** For a machine that is busy with something else. */
const patient = 30_000

describe('HotCatalogues', () => {
  let source: FakeSource
  let hot: HotCatalogues
  let errors: (string | null)[]
  let feedback: Map<string, string[]>

  const open = (maxSkills = 1_000): HotCatalogues =>
    new HotCatalogues({
      source,
      feedback: async () => feedback,
      catalogue: { embedder: () => null, index: {}, stableMenuMaxTokens: 4_000 },
      usageOf: () => 0,
      maxSkills,
      onError: (workspaceId) => errors.push(workspaceId),
      now: Date.now,
    })
  const namesIn = (workspaceId: string) =>
    hot
      .find(workspaceId)
      ?.menuFor(null, null)
      .entries.map(({ name }) => name) ?? null

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] })
    source = new FakeSource()
    source.put('acme', ...['a', 'b', 'c', 'd', 'e'].map((name) => catalogueSkill(name)))
    errors = []
    feedback = new Map()
    hot = open()
  })
  afterEach(() => {
    hot.close()
    vi.useRealTimers()
  })

  it('loads a workspace once, page by page', async () => {
    expect(hot.find('acme')).toBeNull()
    const [first, second] = await Promise.all([hot.load('acme'), hot.load('acme')])
    expect(first).toBe(second)
    expect(namesIn('acme')).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(source.calls.filter((call) => call === 'readCatalogue')).toHaveLength(3)
    expect(hot.list()).toEqual([{ workspaceId: 'acme', epoch: 1, skills: 5 }])
  })

  it('sees what was written while it read', async () => {
    let open = (): void => {}
    source.gate = new Promise((resolve) => {
      open = resolve
    })
    const loading = hot.load('acme')
    source.put('acme', catalogueSkill('aa'))
    open()
    await loading
    expect(namesIn('acme')).toContain('aa')
  })

  it('follows a notice at once', async () => {
    await hot.load('acme')
    source.put('acme', catalogueSkill('f'))
    source.remove('acme', 'id-a')
    await hot.refresh('acme')
    expect(namesIn('acme')).toEqual(['b', 'c', 'd', 'e', 'f'])
  })

  it('has seen whatever was written before it was told to look', async () => {
    await hot.load('acme')
    source.put('acme', catalogueSkill('f'))
    const first = hot.refresh('acme')
    source.put('acme', catalogueSkill('g'))
    await hot.refresh('acme')
    expect(namesIn('acme')).toContain('g')
    await first
  })

  it('finds out by itself within half a second', async () => {
    await hot.load('acme')
    source.put('acme', catalogueSkill('f'))
    await vi.advanceTimersByTimeAsync(500)
    await vi.waitFor(() => expect(namesIn('acme')).toContain('f'), patient)
  })

  it('builds anew beside the one in use when much has changed', async () => {
    const before = await hot.load('acme')
    source.put('acme', ...Array.from({ length: 301 }, (_, index) => catalogueSkill(`n${index}`)))
    void hot.refresh('acme')
    await vi.waitFor(() => expect(hot.find('acme')?.size).toBe(306), patient)
    expect(hot.find('acme')).not.toBe(before)
    expect(before.size).toBe(5)
  })

  it('goes on with what it has while the store is down, for an hour, and says so', async () => {
    await hot.load('acme')
    source.failure = new Error('down')
    await vi.advanceTimersByTimeAsync(500)
    expect(hot.isStoreAnswering).toBe(false)
    expect(hot.isConfirmed('acme')).toBe(false)
    await vi.advanceTimersByTimeAsync(20 * 60_000)
    expect(namesIn('acme')).toHaveLength(5)
    await vi.advanceTimersByTimeAsync(20 * 60_000)
    expect(namesIn('acme')).toHaveLength(5)
    await vi.advanceTimersByTimeAsync(21 * 60_000)
    expect(hot.find('acme')).toBeNull()
    expect(errors).toEqual([null])
    source.failure = null
    await vi.advanceTimersByTimeAsync(500)
    await vi.waitFor(() => expect(hot.isConfirmed('acme')).toBe(true), patient)
  })

  it('drops what nobody used for half an hour', async () => {
    await hot.load('acme')
    await vi.advanceTimersByTimeAsync(31 * 60_000)
    expect(hot.list()).toEqual([])
  })

  it('makes room by dropping what was unused for longest', async () => {
    hot.close()
    hot = open(8)
    for (const workspaceId of ['one', 'two', 'three']) {
      source.put(workspaceId, ...['a', 'b', 'c', 'd'].map((name) => catalogueSkill(name)))
      await hot.load(workspaceId)
      await vi.advanceTimersByTimeAsync(10)
    }
    expect(hot.list().map(({ workspaceId }) => workspaceId)).toEqual(['two', 'three'])
  })

  describe('learning from requests that went well', () => {
    const learnMs = 5 * 60_000
    const idsFor = (query: string): string[] => {
      const catalogue = hot.find('acme')
      if (catalogue === null) throw new Error('the catalogue is not here')
      const scope = { menu: catalogue.menuFor(null, null), exclude: new Set<string>() }
      return catalogue.search(query, scope, 10).map(({ id }) => id)
    }
    const readsOf = (call: string): number => source.calls.filter((name) => name === call).length

    it('indexes the skills again that served them, and no other', async () => {
      const before = await hot.load('acme')
      const pages = readsOf('readCatalogue')
      feedback = new Map([['id-c', ['please frobnicate the quux']]])
      await vi.advanceTimersByTimeAsync(learnMs)
      await vi.waitFor(() => expect(idsFor('frobnicate')).toEqual(['id-c']), patient)
      expect(hot.find('acme')).toBe(before)
      expect([readsOf('readCatalogue'), readsOf('readCatalogueSkills')]).toEqual([pages, 1])
      await vi.advanceTimersByTimeAsync(learnMs)
      expect(readsOf('readCatalogueSkills')).toBe(1)
    })

    it('forgets them, and learns others instead, though there are as many', async () => {
      feedback = new Map([['id-c', ['please frobnicate the quux']]])
      await hot.load('acme')
      expect(idsFor('frobnicate')).toEqual(['id-c'])
      feedback = new Map([['id-c', ['please wibble the quux']]])
      await vi.advanceTimersByTimeAsync(learnMs)
      await vi.waitFor(() => expect(idsFor('wibble')).toEqual(['id-c']), patient)
      expect(idsFor('frobnicate')).toEqual([])
    })

    it('keeps them when a skill changes, and with the text that changed last', async () => {
      await hot.load('acme')
      feedback = new Map([['id-c', ['please frobnicate the quux']]])
      await vi.advanceTimersByTimeAsync(learnMs)
      await vi.waitFor(() => expect(idsFor('frobnicate')).toEqual(['id-c']), patient)
      source.put('acme', catalogueSkill('c', { description: 'Zymurgy.' }))
      await hot.refresh('acme')
      expect([idsFor('frobnicate'), idsFor('zymurgy')]).toEqual([['id-c'], ['id-c']])
    })

    it('keeps what it knew when they cannot be read, and tries again', async () => {
      feedback = new Map([['id-c', ['please frobnicate the quux']]])
      await hot.load('acme')
      feedback = new Map([['id-d', ['please wibble the quux']]])
      source.failure = new Error('down')
      await vi.advanceTimersByTimeAsync(learnMs)
      await vi.waitFor(() => expect(errors).toContain('acme'), patient)
      expect(idsFor('frobnicate')).toEqual(['id-c'])
      source.failure = null
      await vi.advanceTimersByTimeAsync(learnMs)
      await vi.waitFor(() => expect(idsFor('wibble')).toEqual(['id-d']), patient)
      expect(idsFor('frobnicate')).toEqual([])
    })
  })
})
