import { expect } from 'vitest'
import { call } from '../harness/call-gateway.ts'
import { deployment } from '../harness/deployments.ts'
import type { ScriptedUpstream } from '../harness/scripted-upstream.ts'
import type { Gateway } from '../harness/start-gateway.ts'
import { waitUntil } from '../harness/wait-until.ts'

export const topics = ['refund', 'invoice', 'poem', 'weather']
export const headers = { 'x-routeiq-skills': 'auto', 'x-routeiq-skills-agent': 'clerk' }

/** A model's call for the text of a skill. */
export const load = (name: string) => ({ name: 'load_skill', arguments: JSON.stringify({ name }) })

/** A gateway with a model on each of two wires, and time enough to choose skills on a busy machine. */
export const conversationConfig = (upstream: ScriptedUpstream) => ({
  model_list: [
    deployment('gpt', upstream.openaiBase, { model: 'openai/gpt-4o' }),
    deployment('claude', upstream.anthropicBase, { model: 'anthropic/claude-sonnet-4-5' }),
  ],
  routeiq: { skills: { router: { explore_rate: 0 }, injection: { route_timeout_ms: 5_000 } } },
})

/** A skill for each topic, which the router knows when this resolves. */
export async function createTopics({ url }: Gateway, key: string): Promise<void> {
  const skills = topics.map((name) => ({
    ...{ name, description: `Handles a ${name}.` },
    body_markdown: `# ${name}\n\nHow to deal with a ${name}, step by step and in good order, whatever comes.`,
  }))
  const body = { skills, conflict_policy: 'local_wins' }
  const synced = await call(url, '/api/v1/skills/sync', { key, body })
  expect(synced.json()).toMatchObject({ created: topics.length, failures: 0 })
  await waitUntil('the menu', async () => {
    const menu = await call(url, '/api/v1/skills/menu', { key })
    return menu.json().skill_count === topics.length
  })
}
