import { describe, expect, it } from 'vitest'
import { randomEntries, seedOf } from '../../../router/src/skill-routing/random-catalogue.fixture.ts'
import { readRowNames } from '../../../router/src/skill-routing/read-row-names.fixture.ts'
import { call } from '../harness/call-gateway.ts'
import { answerTruly } from '../harness/steps.ts'
import { waitUntil } from '../harness/wait-until.ts'
import { type Body, namesOf, type Stage } from './stage.ts'

const instruction =
  'If one of the skills above fits the request, apply its instructions and give the user a direct, complete answer; never reply only by naming a skill.'
const menuHead = '## Available Skills\n\n| Skill | Description |\n|-------|-------------|\n'
const rankedHead =
  '## Recommended Skills\n\n| Skill | Description | Relevance |\n|-------|-------------|-----------|\n'

/** What text in front of the model looks like, to the byte. */
export function describeFragments(stage: () => Stage): void {
  it('of an empty menu: nothing, with an id', async () => {
    const workspace = await stage().open('empty')
    for (const envelope of [await workspace.menu(), await workspace.route('anything')]) {
      expect(envelope).toMatchObject({
        ...{ strategy: 'full_menu', prompt_fragment: '', stable_menu: '', routing_hint: '', skills: [] },
        ...{ stable_menu_skills: [], menu_instruction: instruction, skill_count: 0, rows_total: 0 },
        routing_id: expect.stringMatching(/^rt_[0-9a-f]{24}$/),
      })
      expect(envelope).not.toHaveProperty('degraded_reason')
    }
  })

  it('of a menu: by name, two columns, one instruction', async () => {
    const workspace = await stage().open('menu')
    await workspace.sync([
      { name: 'refund', description: 'Handles a refund.' },
      { name: 'acme/poem', description: 'Writes verses of every kind.' },
      { name: 'acme-2', description: 'The second.' },
    ])
    const table =
      `${menuHead}| acme-2 | The second. |\n| acme/poem | Writes verses of every kind. |\n` +
      '| refund | Handles a refund. |\n'
    const [menu, routed] = [await workspace.menu(), await workspace.route('I want a refund')]
    for (const envelope of [menu, routed]) {
      expect(envelope.prompt_fragment).toBe(`${table}\n${instruction}\n`)
      expect(envelope.stable_menu).toBe(table)
    }
    expect(namesOf(menu.skills)).toEqual(['acme-2', 'acme/poem', 'refund'])
    expect(routed.skills[0].name).toBe('refund')
    expect(routed.routing_hint).toBe('Best matches for this request: refund.')
  })

  it('with hostile text: one line a cell, pipes escaped, cut at 500, nothing invisible', async () => {
    const workspace = await stage().open('escaping')
    await workspace.write([
      { name: 'pipes', description: 'a | b \\| c' },
      { name: 'lines', description: 'first\r\nsecond\tthird\u2028fourth' },
      // Held back by the scan: text that nobody sees can only be meant for the model.
      { name: 'hidden', description: 'be\u200bfore\u202e\u0007\u2060\u{e0041} after' },
      { name: 'long', description: 'x'.repeat(1_024) },
      { name: 'heading', description: '## Available Skills' },
    ])
    await waitUntil('the safe ones are offered', async () => (await workspace.menu()).rows_total === 4)
    expect((await workspace.menu()).stable_menu).toBe(
      `${menuHead}| heading | ## Available Skills |\n` +
        `| lines | first second third fourth |\n| long | ${'x'.repeat(499)}… |\n| pipes | a \\| b \\\\\\| c |\n`,
    )
  })

  it('of a choice: by rank, three columns, percentages that never rise', async () => {
    const workspace = await stage().open('ranked')
    const topics = ['refund', 'invoice', 'poem', 'weather', 'forecast', 'ledger', 'tax', 'travel']
    await workspace.sync([
      ...topics.map((name) => ({ name, description: `Handles a ${name}.` })),
      ...Array.from({ length: 30 }, (_, n) => ({ name: `filler-${n}`, description: `Work of kind ${n}.` })),
    ])
    for (const query of ['what will the weather be', 'a tax on travel', 'filler work of kind 7']) {
      const { strategy, skills, prompt_fragment: fragment } = await workspace.route(query, { top_k: 6 })
      expect(strategy).toBe('smart_routing')
      let lowest = 1
      const rows = skills.map(({ name, description, relevance }: Body) => {
        lowest = Math.min(lowest, relevance)
        return `| ${name} | ${description} | ${Math.round(100 * lowest)}% |\n`
      })
      expect(fragment).toBe(`${rankedHead}${rows.join('')}\n${instruction}\n`)
      const scores: number[] = skills.map(({ score }: Body) => score)
      expect(scores).toEqual(scores.toSorted((a, b) => b - a))
    }
  })

  describe('split in two, over random catalogues', () => {
    /** A thousand of them, without a server, are beside the code that renders. */
    it.each([1, 2, 3, 4])('keeps what providers cache apart from what changes (%i)', async (seed) => {
      const workspace = await stage().open(`catalogue-${seed}`)
      const random = seedOf(`catalogue ${seed}`)
      const skills = randomEntries(random, seed % 2 === 0 ? 30 : 90).map(({ description }, index) => ({
        ...{ name: `s${index}`, description: description || 'Nothing.', trigger_phrases: [`topic ${index}`] },
      }))
      await workspace.sync(skills)
      const menu = await workspace.menu()
      for (const query of ['topic 1 and topic 3', 'topic 2, then topic 0', 'something else']) {
        const routed = await workspace.route(query)
        // 1 and 2: nothing of the request is in the stable bytes, and the fragment does not depend on them.
        expect([routed.stable_menu, routed.menu_instruction]).toEqual([menu.stable_menu, instruction])
        expect(readRowNames(routed.prompt_fragment).toSorted()).toEqual(namesOf(routed.skills).toSorted())
        // 3: what is hinted is visible, and the names are those of the rows.
        expect(routed.stable_menu_skills).toEqual(readRowNames(routed.stable_menu))
        for (const name of hintedIn(routed)) expect(routed.stable_menu_skills).toContain(name)
      }
    })

    it('is placed so: menu and instruction in front, the hint behind every cacheable byte', async () => {
      const { gateway, upstream } = stage()
      const workspace = await stage().open('placed')
      await workspace.sync([
        { name: 'refund', description: 'Handles a refund.' },
        { name: 'poem', description: 'Writes verses.' },
      ])
      upstream.script('gpt-4o', answerTruly({ content: 'Done.' }))
      const ask = async (content: string): Promise<string> => {
        const answer = await call(gateway.url, '/v1/chat/completions', {
          ...{ key: workspace.key, headers: { 'x-routeiq-skills': 'auto' } },
          body: { model: 'gpt', messages: [{ role: 'user', content }] },
        })
        expect(answer.status, answer.text).toBe(200)
        const sent = upstream.requestsFor('gpt-4o').at(-1)?.json as Body
        const text = sent.messages.map(({ content: part }: Body) => textOf(part)).join('\n---\n')
        const { stable_menu: menu } = await workspace.menu()
        expect(text.startsWith(menu), text).toBe(true)
        expect(text).toContain(instruction)
        expect(text).toMatch(/Best matches for this request: refund\.\n<\/routeiq-hint>$/)
        return text.slice(0, text.indexOf('---'))
      }
      expect(await ask('Handle this refund')).toBe(await ask('The refund of yesterday'))
    })
  })
}

const textOf = (content: Body): string =>
  typeof content === 'string' ? content : content.map(({ text }: Body) => text ?? '').join('\n')

function hintedIn({ routing_hint: hint }: Body): string[] {
  const [, names = ''] = /^Best matches for this request: (.*)\.$/.exec(hint) ?? []
  return names === '' ? [] : names.split(', ')
}
