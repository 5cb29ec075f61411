import { call } from '../harness/call-gateway.ts'
import { bodyText } from './endpoint-list.ts'
import type { Stage, Workspace } from './stage.ts'

/** What the placeholders of endpoints stand for. */
export type Ids = Readonly<Record<string, string>>

/** One of everything that endpoints name, in a workspace called `name`. `about` is in all texts of it. */
export async function makeOneOfEach(
  { gateway }: Stage,
  workspace: Workspace,
  name: string,
  about: string,
): Promise<Ids> {
  const post = (path: string, body: object) => workspace.ask('POST', path, body)
  const setQuota = (method: string, body?: object) =>
    call(gateway.url, `/api/v1/quotas/${name}`, {
      ...{ method, key: gateway.masterKey },
      ...(body === undefined ? {} : { body }),
    })
  const skill = `${name}-skill`
  const item = {
    name: skill,
    description: `${about}.`,
    body_markdown: `${bodyText}\n\n${about}.`,
    eval_yaml_text: `cases:\n  - { name: a, prompt: ${about}, expectations: [c] }\n`,
  }
  await post('/skills/sync', { skills: [item] })
  const file = { file_path: 'scripts/a.py', directory: 'scripts', content_text: `print('${about}')` }
  const attachment = await post(`/skills/${skill}/attachments`, file)
  const { latest_version: latest } = await workspace.ask('GET', `/skills/${skill}`)
  const { routing_id } = await post('/skills/route', { query: about, agent_name: `${name}-agent` })
  const agent_name = `${name}-agent`
  const trace = await post('/traces', { agent_name, routing_id, final_output: about })
  const manifest = await post('/manifests', { agent_name, manifest_hash: 'a', components: [] })
  const evaluator = await post('/evaluators', { template_id: 'non_empty_output' })
  const webhook = await post('/webhooks', { url: `http://127.0.0.1:9/${name}` })
  const bundle = await post('/bundles', { name: `${about} bundle`, skills: [{ skill }] })
  await setQuota('PUT', { plan: 'p', limits: { traces_month: 1 } })
  await post('/traces', { agent_name })
  const { opened } = await post('/alerts/evaluate', {})
  await setQuota('DELETE')
  return {
    ...{ skill, agent: agent_name, attachment: attachment.id, version_id: latest.id, routing_id },
    ...{ trace: trace.id, manifest: manifest.manifest_id, evaluator: evaluator.id, webhook: webhook.id },
    ...{ bundle: bundle.id, alert: opened[0].id },
  }
}

/** A template with its placeholders filled in. */
export const fill = (template: string, ids: Ids): string =>
  template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(ids[name] ?? ''))
