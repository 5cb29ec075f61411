import { expect, it } from 'vitest'
import { waitUntil } from '../harness/wait-until.ts'
import type { Stage } from './stage.ts'

const steps = ['scope', 'embed', 'retrieve', 'rerank', 'render']

/** What stands between a request and its answer. How long it takes at 100, 1 000 and 10 000 skills is measured by `bench/retrieval`. */
export function describeHotPath(stage: () => Stage): void {
  it('no database and no network: a large catalogue is answered from memory while nothing else answers', async () => {
    const workspace = await stage().open('large')
    await workspace.sync(
      Array.from({ length: 400 }, (_, n) => ({ name: `work-${n}`, description: `Does work number ${n}.` })),
    )
    stage().upstream.requests.length = 0
    await stage().faults.during('store', async () => {
      await waitUntil(
        'the outage is noticed',
        async () => (await workspace.menu()).degraded_reason !== undefined,
      )
      const routed = await workspace.route('do work number 217', { explain: true })
      expect(routed).toMatchObject({ strategy: 'smart_routing', rows_total: 400 })
      expect(routed.skills[0].name).toBe('work-217')
    })
    expect(stage().upstream.requests).toEqual([])
    await waitUntil('all is well', async () => (await workspace.menu()).degraded_reason === undefined)
  })

  it('each step says what it took', async () => {
    const workspace = await stage().open('timed')
    await workspace.sync([{ name: 'one', description: 'The one skill.' }])
    for (const answer of [
      await workspace.send('POST', '/skills/route', { query: 'one' }),
      await workspace.send('GET', '/skills/menu'),
      await workspace.send('GET', '/skills/one/body'),
      await workspace.send('GET', '/skills/snapshot'),
    ]) {
      const timing = answer.headers['server-timing'] ?? ''
      expect(timing.split(', ').map((step) => step.split(';')[0])).toEqual(steps)
      expect(timing).toMatch(/^(?:\w+;dur=\d+\.\d+(?:, |$)){5}$/)
    }
  })

  it('the menu costs nothing while it is the same', async () => {
    const workspace = await stage().open('unchanged')
    await workspace.sync([{ name: 'one', description: 'The one skill.' }])
    const { etag = '' } = (await workspace.send('GET', '/skills/menu')).headers
    const again = () => workspace.send('GET', '/skills/menu', undefined, { 'if-none-match': `"x", ${etag}` })
    expect(await again()).toMatchObject({ status: 304, text: '' })
    await workspace.sync([{ name: 'two', description: 'The other skill.' }])
    await waitUntil('the menu has changed', async () => (await again()).status === 200)
  })
}
