import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { sampleRequest } from '../conversation/request.fixture.ts'
import { anonymousCaller } from '../identity/caller.ts'
import { MemorySkills, openInjectorBench } from './for-test.ts'
import type { SkillsAsked } from './skill-injector.ts'
import type { SkillDecision, SkillQuestion } from './skill-source.ts'
import { SkillTurn } from './skill-turn.ts'
import { parseSkillsWish } from './skills-wish.ts'

/** Takes its time, and notes whether somebody still wanted the decision. */
class SlowSkills extends MemorySkills {
  delayMs = 0
  isLoaded = true
  readonly wanted: boolean[] = []

  override async decide(question: SkillQuestion, isWanted: () => boolean): Promise<SkillDecision> {
    const decision = await super.decide(question)
    await sleep(this.delayMs)
    this.wanted.push(isWanted())
    return decision
  }

  override isReady(): boolean {
    return this.isLoaded
  }

  override offerLast(): SkillDecision | null {
    return this.last
  }

  last: SkillDecision | null = null
}

const asked = (wish: string): SkillsAsked => ({
  wish: parseSkillsWish(wish),
  conversation: sampleRequest({
    messages: [{ role: 'user', parts: [{ type: 'text', text: 'Read this pdf' }] }],
  }),
  workspaceId: 'acme',
  caller: anonymousCaller,
  owner: 'me',
  agentName: null,
  model: 'gpt-4o',
  routingId: null,
  contextTokens: null,
  withoutTool: false,
})

describe('an injector whose router is late', () => {
  it('uses the last menu, and otherwise goes without', async () => {
    const skills = new SlowSkills({ pdf: 'Open it.' })
    const { injector } = openInjectorBench(skills, { routeTimeoutMs: 20 })
    const first = await injector.begin(asked('auto'))
    expect(first).toBeInstanceOf(SkillTurn)
    skills.delayMs = 60
    expect(await injector.begin(asked('auto'))).toBe('timeout')
    skills.last = {
      ...(await skills.decide(skills.questions[0] as SkillQuestion, () => true)),
      routingId: 'rt_late',
    }
    const late = await injector.begin(asked('auto'))
    expect(late).toMatchObject({ outcome: { mode: 'auto', routingId: 'rt_late' } })
    expect(await injector.begin(asked('pdf'))).toBe('timeout')
    await sleep(100)
    expect(skills.wanted).toEqual([true, false, true, false, false])
  })

  it('waits for the first request of a workspace', async () => {
    const skills = new SlowSkills({ pdf: 'Open it.' })
    skills.delayMs = 60
    skills.isLoaded = false
    const { injector } = openInjectorBench(skills, { routeTimeoutMs: 20 })
    expect(await injector.begin(asked('auto'))).toBeInstanceOf(SkillTurn)
    skills.isLoaded = true
    expect(await injector.begin(asked('auto'))).toBe('timeout')
  })

  it('waits for skills the request is not to be answered without', async () => {
    const skills = new SlowSkills({ pdf: 'Open it.' })
    skills.delayMs = 60
    const { injector } = openInjectorBench(skills, { routeTimeoutMs: 20 })
    expect(await injector.begin({ ...asked('pdf'), pinned: new Map() })).toBeInstanceOf(SkillTurn)
  })
})

it('a dry run is decided for nobody', async () => {
  const skills = new SlowSkills({ pdf: 'Open it.' })
  const { injector } = openInjectorBench(skills)
  expect(await injector.begin({ ...asked('auto'), isDryRun: true })).toBeInstanceOf(SkillTurn)
  expect(skills.wanted).toEqual([false])
})
