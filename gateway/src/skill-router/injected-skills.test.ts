import { randomBytes } from 'node:crypto'
import { emptyEffectiveness } from '@routeiq/router'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RoutingDecision } from '../evidence/decisions/routing-decision.ts'
import { anonymousCaller } from '../identity/caller.ts'
import type { SkillQuestion } from '../injection/skill-source.ts'
import { CatalogueProvider } from './catalogue-provider.ts'
import { catalogueSkill, FakeSource } from './catalogue-source.fixture.ts'
import { Degradations } from './degradations.ts'
import { HotCatalogues } from './hot-catalogues.ts'
import { InjectedSkills } from './injected-skills.ts'
import { SkillBodies } from './skill-bodies.ts'
import { SkillRouter } from './skill-router.ts'

const question: SkillQuestion = {
  workspaceId: 'acme',
  caller: anonymousCaller,
  query: 'refund an order',
  agentName: 'clerk',
  category: null,
  hintK: null,
  menuTokens: null,
  names: null,
  model: 'gpt-5',
}
const always = (): boolean => true
/** A database that is down. */
const listSkills = () => Promise.reject(new Error('down'))

describe('InjectedSkills', () => {
  let source: FakeSource
  let hot: HotCatalogues
  let recorded: RoutingDecision[]
  let skills: InjectedSkills

  beforeEach(() => {
    source = new FakeSource()
    source.put('acme', catalogueSkill('refund'), catalogueSkill('invoice'))
    const degradations = new Degradations({ count: () => {}, warn: () => {}, now: Date.now })
    const catalogue = { embedder: () => null, index: {}, stableMenuMaxTokens: 4_000 }
    const common = { feedback: async () => new Map(), usageOf: () => 0, maxSkills: 1_000, onError: () => {} }
    hot = new HotCatalogues({ source, catalogue, ...common, now: Date.now })
    const knobs = {
      fusion: 'gated',
      embedder: 'static',
      embeddingModel: null,
      embeddingDimensions: 1,
      onEmbedderMissing: 'lexical',
      maxIndexedSkills: 1_000,
    } as const
    const rates = { minRelevance: 0, hintK: 3, exploreRate: 0, holdoutRate: 0, stableMenuMaxTokens: 4_000 }
    const router = new SkillRouter({
      catalogues: new CatalogueProvider({ hot, source, listSkills, catalogue, degradations }),
      embedderOf: () => ({ prepare: () => true }),
      effectiveness: () => emptyEffectiveness,
      degradations,
      config: () => ({ ...knobs, ...rates, captureContent: false }),
      randomBytes,
    })
    recorded = []
    skills = new InjectedSkills({
      ...{ router, catalogues: hot, degradations },
      bodies: new SkillBodies(
        { readVersion: () => Promise.resolve(null), readFiles: () => Promise.resolve([]) },
        () => null,
      ),
      decisions: { record: (decision) => recorded.push(decision) > 0 },
      captureContent: () => false,
      hintK: () => 3,
      now: Date.now,
    })
  })
  afterEach(() => hot.close())

  it('offers the last menu again as a decision of its own', async () => {
    expect(skills.offerLast(question)).toBeNull()
    const decided = await skills.decide(question, always)
    const last = skills.offerLast(question)
    expect(last).toMatchObject({
      stableMenu: decided.stableMenu,
      routingHint: '',
      hinted: [],
      degradedReason: 'routing_late',
    })
    expect(recorded.map(({ routingId }) => routingId)).toEqual([decided.routingId, last?.routingId])
    expect(skills.offerLast({ ...question, agentName: 'another' })).toBeNull()
    expect(skills.offerLast({ ...question, workspaceId: 'globex' })).toBeNull()
  })

  it('gives every request the same menu, and what it has no room for with the hint', async () => {
    const many = Array.from({ length: 400 }, (_, index) =>
      catalogueSkill(`skill-${index}`, {
        description: `Handles ${index} things of an office, in good order.`,
      }),
    )
    source.put('acme', ...many, catalogueSkill('zebra', { description: 'Feeds a zebra.' }))
    const plain = await skills.decide({ ...question, menuTokens: 4_000 }, always)
    const zebra = await skills.decide({ ...question, query: 'feed the zebra', menuTokens: 4_000 }, always)
    expect(zebra.stableMenu).toBe(plain.stableMenu)
    expect(zebra.stableMenu).not.toContain('zebra')
    expect(zebra.routingHint).toContain('| zebra | Feeds a zebra. |')
    expect(zebra.visible).toContain('zebra')
    const small = { ...question, query: null, menuTokens: 100 }
    const [first, second] = [await skills.decide(small, always), await skills.decide(small, always)]
    expect(first.stableMenu.length).toBeLessThan(600)
    expect(second.stableMenu).toBe(first.stableMenu)
    const named = await skills.decide({ ...question, names: ['zebra'], menuTokens: 10 }, always)
    expect(named.stableMenu).toContain('| zebra | Feeds a zebra. |')
  })

  it('keeps nothing of a decision that nobody wants any more', async () => {
    await skills.decide(question, () => false)
    expect(recorded).toEqual([])
  })

  it('knows by name what was created a moment ago', async () => {
    await skills.decide(question, always)
    source.put('acme', catalogueSkill('brand-new'))
    const decided = await skills.decide({ ...question, names: ['brand-new', 'nothing'] }, always)
    expect(decided).toMatchObject({ offered: ['brand-new'], missing: ['nothing'] })
  })
})
