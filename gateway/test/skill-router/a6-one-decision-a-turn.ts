import { expect, it } from 'vitest'
import { call } from '../harness/call-gateway.ts'
import { answerTruly } from '../harness/steps.ts'
import { waitUntil } from '../harness/wait-until.ts'
import type { Body, Stage, Workspace } from './stage.ts'

const tools = [{ type: 'function', function: { name: 'look_up', parameters: { type: 'object' } } }]

/** An agent that calls the model until it has made `calls` calls; each answer but the last wants a tool of the client's. */
async function runAgent(stage: Stage, { key }: Workspace, task: string, calls: number): Promise<string[]> {
  const messages: object[] = [{ role: 'user', content: task }]
  const ids: string[] = []
  for (let step = 0; step < calls; step += 1) {
    const answer = await call(stage.gateway.url, '/v1/chat/completions', {
      ...{ key, headers: { 'x-routeiq-skills': 'auto', 'x-routeiq-skills-agent': 'clerk' } },
      body: { model: 'gpt', messages, tools },
    })
    if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`)
    ids.push(answer.headers['x-routeiq-routing-id'] ?? '')
    const { message } = answer.json().choices[0]
    const [wanted] = message.tool_calls
    messages.push(message, { role: 'tool', tool_call_id: wanted.id, content: `found ${step}` })
  }
  return ids
}

/** One decision for everything between two human messages. */
export function describeTurns(stage: () => Stage): void {
  it('fifty calls of an agent in one turn are one decision, and two turns at once are two', async () => {
    const workspace = await stage().open('turns')
    await workspace.sync([
      { name: 'refund', description: 'Handles a refund.' },
      { name: 'poem', description: 'Writes verses.' },
    ])
    let call = 0
    const { upstream } = stage()
    upstream.script('gpt-4o', (received) => {
      call += 1
      return answerTruly({ toolCalls: [{ name: 'look_up', arguments: '{}', id: `call_${call}` }] })(received)
    })
    const [long, other] = await Promise.all([
      runAgent(stage(), workspace, 'Handle the refund of order 17', 50),
      runAgent(stage(), workspace, 'Write verses about order 18', 5),
    ])
    expect(new Set(long).size, 'decisions of the long turn').toBe(1)
    expect(new Set(other).size, 'decisions of the other').toBe(1)
    expect(other[0]).not.toBe(long[0])
    const decisions = await waitUntil('both decisions are counted', async () => {
      const stats = await workspace.ask('GET', '/skills/refund/router-stats?agent_name=clerk')
      return stats.decisions_count >= 2 ? stats : null
    })
    expect(decisions.decisions_count).toBe(2)
    const [first, second] = await Promise.all(
      [long, other].map(([id]) => workspace.ask('GET', `/skills/routing/${id}`)),
    )
    expect([first.hinted, second.hinted]).toEqual([['refund'], ['poem']])
  })

  it('traces of two runs close their own decisions, whichever comes first', async () => {
    const workspace = await stage().open('two-runs')
    await workspace.sync([
      { name: 'refund', description: 'Handles a refund.' },
      { name: 'poem', description: 'Writes verses.' },
    ])
    const [refund, poem] = await Promise.all([workspace.route('a refund'), workspace.route('verses')])
    const trace = (routing_id: string, skill: string): object => ({
      ...{ agent_name: 'clerk', routing_id, skills_loaded_by_agent: [skill] },
    })
    await workspace.ask('POST', '/traces', trace(poem.routing_id, 'poem'))
    expect((await workspace.ask('GET', `/skills/routing/${refund.routing_id}`)).closed).toBe(false)
    await workspace.ask('POST', '/traces', trace(refund.routing_id, 'refund'))
    const joined = async ({ routing_id: id }: Body) => workspace.ask('GET', `/skills/routing/${id}`)
    expect(await joined(poem)).toMatchObject({ activated: ['poem'], offered_not_activated: ['refund'] })
    expect(await joined(refund)).toMatchObject({ activated: ['refund'], offered_not_activated: ['poem'] })
  })
}
