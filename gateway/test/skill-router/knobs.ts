import { beforeAll, expect, it } from 'vitest'
import { bodyOf, namesOf, type Stage, type Workspace } from './stage.ts'

const topics = ['refund', 'invoice', 'poem', 'weather', 'forecast', 'ledger', 'tax', 'travel']

/** What a call may ask for, and what it may not. */
export function describeKnobs(stage: () => Stage): void {
  let workspace: Workspace

  beforeAll(async () => {
    workspace = await stage().open('knobs')
    await workspace.sync([
      ...topics.map((name) => ({ name, description: `Handles a ${name}.` })),
      { name: 'acme/refund', description: 'Refunds of acme.', category: 'Money' },
      ...Array.from({ length: 30 }, (_, n) => ({ name: `filler-${n}`, description: `Work of kind ${n}.` })),
    ])
  })

  it('size, exclusion, category, relevance and attachments', async () => {
    expect((await workspace.menu('?max_menu_size=3')).skill_count).toBe(3)
    expect((await workspace.route('weather forecast', { max_menu_size: 1 })).skill_count).toBe(1)
    const excluded = await workspace.route('weather forecast', { exclude: ['weather'] })
    expect(namesOf(excluded.skills)).not.toContain('weather')
    expect(namesOf((await workspace.route('a refund', { category: 'MONEY' })).skills)).toEqual([
      'acme/refund',
    ])
    expect(await workspace.route('weather', { min_relevance: 1, exclude: topics })).toMatchObject({
      ...{ skills: [], abstained: true, reason: 'no_relevant_skill', routing_hint: '', prompt_fragment: '' },
      rows_total: 39,
    })
    const plain = await workspace.route('weather', { include_attachments: false })
    expect(plain.skills[0]).not.toHaveProperty('attachments')
    expect((await workspace.route('weather', { surprise: 1 })).skills[0].name).toBe('weather')
  })

  it('of a request beyond 8 000 characters the end counts', async () => {
    const { skills } = await workspace.route(
      `${'ledger '.repeat(2_000)}${'x '.repeat(4_000)} what is the weather`,
    )
    expect(skills[0].name).toBe('weather')
  })

  it('what cannot be understood is named by its field', async () => {
    const bad = await workspace.send('POST', '/skills/route', { top_k: 51 })
    expect([bad.status, bad.json().detail]).toMatchObject([
      422,
      [{ loc: ['body', 'query'] }, { loc: ['body', 'top_k'] }],
    ])
    const size = await workspace.send('GET', '/skills/menu?max_menu_size=none')
    expect([size.status, size.json().details.errors[0].field]).toEqual([422, 'max_menu_size'])
  })

  it('everything an edge cache needs, and 304 while it is the same', async () => {
    const answer = await workspace.send('GET', '/skills/snapshot?bodies=all')
    const { skills, stable_menu, catalogue_digest } = answer.json()
    expect(skills.find(({ name }: { name: string }) => name === 'refund').body).toBe(bodyOf('refund'))
    expect([stable_menu.split('\n')[0], catalogue_digest]).toEqual([
      '## Available Skills',
      expect.stringMatching(/^[0-9a-f]{32}$/),
    ])
    const headers = { 'if-none-match': answer.headers['etag'] ?? '' }
    expect((await workspace.send('GET', '/skills/snapshot?bodies=all', undefined, headers)).status).toBe(304)
  })
}
