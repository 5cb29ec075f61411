import { defineCommand } from '../command.ts'
import { CommandFailure, type GatewayClient, type Json, registryPath, skillPath } from '../gateway-client.ts'

export const publish = defineCommand({
  usage: 'NAME',
  summary: 'offer a skill to every workspace of this gateway',
  arity: [1, 1],
  options: {
    category: { type: 'string' },
    tag: { type: 'string', multiple: true },
    author: { type: 'string' },
  },
  async run({ gateway, show }, { values, names: [name = ''] }) {
    const answer = await gateway.post(skillPath(name, '/publish'), undefined, {
      category: values.category,
      tags: values.tag?.join(','),
      author_display_name: values.author,
    })
    show(answer, () => [`${name} is public (${answer['skill_badge']}).`])
    return 0
  },
})

export const unpublish = defineCommand({
  usage: 'NAME',
  summary: 'take a skill out of the registry again',
  arity: [1, 1],
  options: {},
  async run({ gateway, show }, { names: [name = ''] }) {
    const answer = await gateway.post(skillPath(name, '/unpublish'), undefined)
    show(answer, () => [`${name} is private again.`])
    return 0
  },
})

export const use = defineCommand({
  usage: 'NAME',
  summary: 'link a public skill: its author’s updates arrive by themselves',
  arity: [1, 1],
  options: { agent: { type: 'string', multiple: true }, version: { type: 'string' } },
  async run({ gateway, show }, { values, names: [name = ''] }) {
    const id = await findPublicSkill(gateway, name)
    const answer = await gateway.post(registryPath(id, '/use'), undefined, {
      scope: values.agent === undefined ? 'workspace' : 'agent',
      agents: values.agent?.join(','),
      mode: values.version === undefined ? 'latest' : 'pinned',
      version: values.version,
    })
    show(answer, () => [
      `${name} is linked.${answer['shadowed_by_owned'] === true ? ' A skill of yours has the same name and goes first.' : ''}`,
    ])
    return 0
  },
})

export const fork = defineCommand({
  usage: 'NAME',
  summary: 'an editable copy of a public skill',
  arity: [1, 1],
  options: { 'new-name': { type: 'string' } },
  async run({ gateway, show }, { values, names: [name = ''] }) {
    const id = await findPublicSkill(gateway, name)
    const answer = await gateway.post(registryPath(id, '/fork'), undefined, { new_name: values['new-name'] })
    show(answer, () => [`${name} is yours as ${(answer['skill'] as Json | undefined)?.['name']}.`])
    return 0
  },
})

export const review = defineCommand({
  usage: 'NAME',
  summary: 'scan a skill now; with --model a model reviews its purpose and content too',
  arity: [1, 1],
  options: { model: { type: 'string' } },
  async run({ gateway, show }, { values, names: [name = ''] }) {
    const { model } = values
    const answer = await gateway.request(skillPath(name, '/checks/run'), {
      method: 'POST',
      query: model === undefined ? {} : { deep: true, model },
      timeoutMs: 120_000,
    })
    const findings = (answer['findings'] ?? []) as readonly Json[]
    show(answer, () => [
      `${name}: ${answer['skill_safety']} (safety ${answer['safety_status']}, intent ${answer['intent_status']}, content ${answer['content_status']})`,
      ...findings.map((finding) => `  ${finding['severity']} ${finding['check']}: ${finding['message']}`),
    ])
    return answer['skill_safety'] === 'blocked' ? 1 : 0
  },
})

/**
 * The id of the public skill of exactly this name, slug or id. A search ranks something for every text: only an exact
 * match may ever be linked, copied or written to disk.
 */
export async function findPublicSkill(gateway: GatewayClient, name: string): Promise<string> {
  const answer = await gateway.get('/api/v1/registry/skills', { q: name, exact_name: name, limit: 10 })
  const items = (answer['items'] ?? []) as readonly Json[]
  const match = items.find((item) => [item['name'], item['url_slug'], item['id']].includes(name))
  if (match === undefined) throw new CommandFailure(`no public skill is called ${name}`)
  return String(match['id'])
}

export const reembed = defineCommand({
  usage: '',
  summary: 'compute the vectors of all skills anew',
  arity: [0, 0],
  options: { 'target-model': { type: 'string' } },
  async run({ gateway, show }, { values }) {
    const answer = await gateway.request('/api/v1/skills/reembed', {
      method: 'POST',
      body: { target_model: values['target-model'] },
      timeoutMs: 600_000,
    })
    show(answer, () => [`${answer['reembedded']} skills embedded, ${answer['skipped']} skipped.`])
    return 0
  },
})
