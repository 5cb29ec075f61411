import { randomUUID } from 'node:crypto'
import { beforeAll, expect, it } from 'vitest'
import { call } from '../harness/call-gateway.ts'
import { bodies, endpoints } from './endpoint-list.ts'
import { fill, type Ids, makeOneOfEach } from './one-of-each.ts'
import type { Stage, Workspace } from './stage.ts'

const secret = 'The safe behind the picture'

/** What a stranger would have to say if it guessed: the same kinds of ids, of nothing. */
const invented: Ids = {
  ...{ skill: 'never-heard-of', agent: 'nobody', attachment: randomUUID(), version_id: randomUUID() },
  ...{ routing_id: `rt_${'f'.repeat(24)}`, trace: randomUUID(), manifest: randomUUID() },
  ...{ evaluator: randomUUID(), webhook: randomUUID(), bundle: randomUUID(), alert: randomUUID() },
}

/** What belongs to another workspace does not exist. */
export function describeTenants(stage: () => Stage): void {
  let owner: Workspace
  let stranger: Workspace
  let ids: Ids

  beforeAll(async () => {
    owner = await stage().open('owner')
    stranger = await stage().open('stranger')
    ids = await makeOneOfEach(stage(), owner, 'owner', secret)
  })

  it('every endpoint answers foreign ids as it answers invented ones, and shows nothing of theirs', async () => {
    const told: string[] = []
    for (const { method, template } of endpoints) {
      const [foreign, unknown] = [await ask(ids), await ask(invented)]
      if (foreign.text.includes('picture')) told.push(`${method} ${template} shows ${foreign.text}`)
      if (template.includes('{') && foreign.answer !== unknown.answer)
        told.push(`${method} ${template}: ${foreign.answer}\n  is not ${unknown.answer}`)

      async function ask(named: Ids): Promise<{ readonly text: string; readonly answer: string }> {
        const body = method === 'POST' || method === 'PUT' ? (bodies[template] ?? {}) : undefined
        const { status, text } = await stranger.send(method, fill(template, named), body)
        return { text, answer: `${status} ${withoutIds(text, named)}` }
      }
    }
    expect(told).toEqual([])
  })

  it('the owner still has all of it', async () => {
    const kept: [string, string][] = [
      ['skill', `/skills/${ids['skill']}`],
      ['trace', `/traces/${ids['trace']}`],
      ['routing_id', `/skills/routing/${ids['routing_id']}`],
      ['bundle', `/bundles/${ids['bundle']}`],
      ['manifest', `/manifests/${ids['manifest']}`],
    ]
    for (const [what, path] of kept) expect((await owner.send('GET', path)).status, what).toBe(200)
    expect((await owner.send('GET', `/skills/${ids['skill']}/body`)).text).toContain('picture')
  })

  it('a trace that names a foreign decision joins nothing, and no header chooses another workspace', async () => {
    await stranger.ask('POST', '/traces', {
      ...{ agent_name: 'x', routing_id: ids['routing_id'], active_skills: [ids['skill']] },
    })
    const decision = await owner.ask('GET', `/skills/routing/${ids['routing_id']}`)
    expect([decision.traces.length, decision.activated]).toEqual([1, []])
    const headers = { 'x-workspace-id': 'owner' }
    expect((await stranger.send('GET', '/skills/menu', undefined, headers)).status).toBe(403)
    const { url, masterKey } = stage().gateway
    const asAdmin = await call(url, '/api/v1/skills/menu', { key: masterKey, headers })
    expect(asAdmin.json().stable_menu_skills).toEqual([ids['skill']])
    const { indexes } = await stranger.ask('GET', '/router/health')
    expect(JSON.stringify(indexes)).not.toContain('owner')
  })
}

function withoutIds(text: string, ids: Ids): string {
  let plain = text.replace(/"request_id":"[^"]*"/g, '').replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '')
  for (const id of Object.values(ids)) plain = plain.replaceAll(id, '…')
  return plain.replace(/[0-9a-f]{8}-[0-9a-f-]{27}|rt_[0-9a-f]{24}/g, '…')
}
