import { randomBytes } from 'node:crypto'
import { buildEffectivenessSnapshot, emptyEffectiveness } from '@routeiq/router'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { SkillRouterConfig } from '../config/config.ts'
import { CatalogueProvider } from './catalogue-provider.ts'
import { catalogueSkill, FakeSource } from './catalogue-source.fixture.ts'
import { Degradations } from './degradations.ts'
import { HotCatalogue } from './hot-catalogue.ts'
import { HotCatalogues } from './hot-catalogues.ts'
import { type RouteRequest, SkillRouter, type SkillRouterDependencies } from './skill-router.ts'

/** For a machine that is busy with something else. */
const patient = 30_000

const config: SkillRouterConfig = {
  fusion: 'gated',
  embedder: 'static',
  embeddingModel: null,
  embeddingDimensions: 1,
  onEmbedderMissing: 'lexical',
  minRelevance: 0.15,
  hintK: 3,
  exploreRate: 0.1,
  holdoutRate: 0,
  stableMenuMaxTokens: 4_000,
  maxIndexedSkills: 1_000,
  captureContent: false,
}
const request: RouteRequest = {
  workspaceId: 'acme',
  agentName: null,
  query: 'refund an order',
  model: null,
  category: null,
  topK: 5,
  maxMenuSize: null,
  minRelevance: null,
  exclude: [],
  dryRun: false,
  routingId: null,
}
const topics = ['refund', 'invoice', 'poem', 'weather', 'forecast', 'ledger', 'tax', 'travel']

/** A database that is down. */
const listSkills = () => Promise.reject(new Error('down'))

describe('SkillRouter', () => {
  let source: FakeSource
  let hot: HotCatalogues
  let counted: string[]
  let warned: string[]
  let router: SkillRouter

  function open(
    members: Partial<SkillRouterDependencies> = {},
    knobs: Partial<SkillRouterConfig> = {},
  ): void {
    const degradations = new Degradations({
      count: (reason) => counted.push(reason),
      warn: (reason) => warned.push(reason),
      now: Date.now,
    })
    const catalogue = { embedder: () => null, index: {}, stableMenuMaxTokens: 4_000 }
    hot = new HotCatalogues({
      source,
      feedback: async () => new Map(),
      catalogue,
      usageOf: () => 0,
      maxSkills: 1_000,
      onError: () => {},
      now: Date.now,
    })
    router = new SkillRouter({
      catalogues: new CatalogueProvider({ hot, source, listSkills, catalogue, degradations }),
      embedderOf: () => ({ prepare: () => true }),
      effectiveness: () => emptyEffectiveness,
      degradations,
      config: () => ({ ...config, ...knobs }),
      randomBytes,
      ...members,
    })
  }

  beforeEach(() => {
    source = new FakeSource()
    source.pageSize = 100
    const skills = topics.flatMap((topic) =>
      Array.from({ length: 5 }, (_, index) =>
        catalogueSkill(`${topic}-${index}`, { description: `Handles a ${topic} of an order, way ${index}.` }),
      ),
    )
    source.put('acme', ...skills)
    counted = []
    warned = []
    open()
  })
  afterEach(() => {
    hot.close()
    vi.restoreAllMocks()
  })

  it('ranks, names its decision and says nothing of trouble', async () => {
    const { routingId, decision, degradedReason } = await router.route(request)
    expect(routingId).toMatch(/^rt_[0-9a-f]{24}$/)
    expect(decision.strategy).toBe('smart_routing')
    expect(decision.rows[0]?.skill.name).toMatch(/^refund-/)
    expect(degradedReason).toBeNull()
    expect(counted).toEqual([])
  })

  it('makes the offer of an id again', async () => {
    for (let run = 0; run < 50; run += 1) {
      const first = await router.route(request)
      const again = await router.route({ ...request, routingId: first.routingId })
      expect(again.decision.rows).toEqual(first.decision.rows)
      expect(again.routingId).toBe(first.routingId)
    }
  })

  it('explores now and then, and never in a dry run', async () => {
    open({}, { exploreRate: 1, minRelevance: 0 })
    const explored = await router.route(request)
    expect(explored.decision.rows.filter((row) => row.explored)).toHaveLength(1)
    const dry = await router.route({ ...request, dryRun: true })
    expect(dry.routingId).toBeNull()
    expect(dry.decision.rows.some((row) => row.explored)).toBe(false)
  })

  it('uses what is known of success', async () => {
    const snapshot = buildEffectivenessSnapshot([
      { skillId: 'id-refund-3', modelFamily: 'gpt-5', ageDays: 0, passes: 200, fails: 0, offers: 300 },
      { skillId: 'id-refund-1', modelFamily: 'gpt-5', ageDays: 0, passes: 0, fails: 200, offers: 300 },
    ])
    open({ effectiveness: () => snapshot })
    const { decision } = await router.route({ ...request, model: 'openai/gpt-5' })
    expect(decision.rows[0]?.skill.name).toBe('refund-3')
  })

  it.each(['refund-2', 'id-refund-2'])('leaves out what is excluded as %s', async (reference) => {
    const { decision, menu } = await router.route({ ...request, exclude: [reference] })
    expect(decision.rows.map(({ skill }) => skill.name)).not.toContain('refund-2')
    expect(decision.stable).toBe(menu.stable)
    expect(decision.stable.names).toContain('refund-2')
  })

  it('looks at the last 8 000 characters of a request', async () => {
    const long = await router.route({ ...request, query: `${'weather '.repeat(2_000)}refund an order` })
    const cut = await router.route({
      ...request,
      query: `${'weather '.repeat(2_000)}refund an order`.slice(-8_000),
    })
    expect(long.decision.rows[0]).toEqual(cut.decision.rows[0])
  })

  describe('when something fails', () => {
    it('offers the menu when a search fails, and warns once', async () => {
      vi.spyOn(HotCatalogue.prototype, 'search').mockImplementation(() => {
        throw new Error('broken index')
      })
      for (let time = 0; time < 3; time += 1) {
        const { decision, degradedReason } = await router.route(request)
        expect(degradedReason).toBe('retrieval_error')
        expect(decision.strategy).toBe('full_menu')
        expect(decision.rows).toHaveLength(40)
      }
      expect(counted).toEqual(['retrieval_error', 'retrieval_error', 'retrieval_error'])
      expect(warned).toEqual(['retrieval_error'])
    })

    it('keeps the order of the match when effectiveness cannot be read', async () => {
      open({
        effectiveness: () => {
          throw new Error('no table')
        },
      })
      const { decision, degradedReason } = await router.route(request)
      expect(degradedReason).toBe('effectiveness_unavailable')
      expect(decision.rows[0]?.ranking?.final).toBe(decision.rows[0]?.ranking?.fused)
    })

    it.each([
      ['lexical', 'smart_routing'],
      ['full_menu', 'full_menu'],
    ] as const)('does without an embedder by the knob %s', async (onEmbedderMissing, strategy) => {
      open({ embedderOf: () => ({ prepare: () => false }) }, { onEmbedderMissing })
      const { decision, degradedReason } = await router.route(request)
      expect(degradedReason).toBe('embedder_unavailable')
      expect(decision.strategy).toBe(strategy)
    })

    it('asks the database for candidates while the index is being loaded', async () => {
      let finish = (): void => {}
      source.gate = new Promise((resolve) => {
        finish = resolve
      })
      const { decision, degradedReason } = await router.route(request)
      expect(degradedReason).toBe('index_loading')
      expect(decision.rows[0]?.skill.name).toMatch(/^refund-/)
      finish()
      await vi.waitFor(() => expect(hot.find('acme')).not.toBeNull(), patient)
      expect((await router.route(request)).degradedReason).toBeNull()
    })

    it('answers with nothing when there is neither index nor database', async () => {
      source.failure = new Error('down')
      const { decision, degradedReason, routingId } = await router.route(request)
      expect(degradedReason).toBe('store_unavailable')
      expect(decision.rows).toEqual([])
      expect(decision.promptFragment).toBe('')
      expect(routingId).not.toBeNull()
    })
  })

  it('keeps workspaces apart', async () => {
    source.put('globex', catalogueSkill('secret-of-globex', { description: 'Refund an order.' }))
    const { decision } = await router.route(request)
    const { decision: other } = await router.route({ ...request, workspaceId: 'globex' })
    expect(other.rows.map(({ skill }) => skill.name)).toEqual(['secret-of-globex'])
    expect(decision.stable.names).not.toContain('secret-of-globex')
  })
})
