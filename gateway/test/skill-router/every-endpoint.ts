import { randomUUID } from 'node:crypto'
import { beforeAll, expect, it } from 'vitest'
import { bodies, bodyText, endpoints, measured } from './endpoint-list.ts'
import { fill, type Ids, makeOneOfEach } from './one-of-each.ts'
import type { Stage, Workspace } from './stage.ts'

/** Whether it is there, and answers with what its clients read. */
export function describeEndpoints(stage: () => Stage): void {
  let workspace: Workspace
  let ids: Ids

  beforeAll(async () => {
    workspace = await stage().open('endpoints')
    ids = await makeOneOfEach(stage(), workspace, 'endpoints', 'About the one skill')
    await workspace.ask('POST', `/skills/${ids['skill']}/publish?category=x`)
  })

  it('answers in one order, with all that its clients read', async () => {
    const wrong: string[] = []
    for (const { method, template, members } of endpoints) {
      const takesBody = method === 'POST' || method === 'PUT'
      const body = takesBody ? { id: randomUUID(), ...bodies[template] } : undefined
      const { status, text, headers } = await workspace.send(method, fill(template, ids), body)
      const isKnown = measured.has(`${method} ${template}`) ? text.includes('never measured') : status !== 404
      const isRight = members.length === 0 ? isKnown && status !== 405 && status < 500 : status === 200
      const answer: object = isRight ? JSON.parse(text) : {}
      const needed = status === 200 ? members : ['detail', 'code', 'request_id']
      const missing = isRight ? needed.filter((name) => !(name in answer)) : []
      if (!isRight || Array.isArray(answer)) wrong.push(`${method} ${template}: ${status} ${text}`)
      if (missing.length > 0) wrong.push(`${method} ${template}: ${status} lacks ${missing}`)
      if (headers['x-request-id'] === undefined) wrong.push(`${method} ${template} has no id`)
    }
    expect(wrong).toEqual([])
  })

  it('tells of a new skill its row and its first version', async () => {
    const body = { name: 'two', description: 'The other skill.', body_markdown: bodyText }
    const answer = await workspace.ask('POST', '/skills', body)
    const { body_markdown: _, ...row } = await workspace.ask('GET', '/skills/two')
    const { id, content_hash } = row.latest_version
    expect(answer).toEqual({ ...row, version: 1, version_id: id, content_hash })
  })

  it('knows nothing of what is not there', async () => {
    expect((await workspace.send('GET', '/skills/two/nothing')).status).toBe(404)
    expect((await workspace.send('POST', '/install/nothing', {})).status).toBe(404)
    const nowhere = await workspace.send('GET', '/nothing')
    expect([nowhere.status, nowhere.json()]).toEqual([
      404,
      { detail: 'Not Found', code: 'not_found', request_id: nowhere.headers['x-request-id'] },
    ])
    const otherwise = await workspace.send('PUT', '/skills/route', {})
    expect([otherwise.status, otherwise.json()]).toMatchObject([405, { code: 'method_not_allowed' }])
  })
}
