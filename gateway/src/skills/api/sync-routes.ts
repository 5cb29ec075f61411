import { z } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import { restEndpoint } from '../../rest/rest-endpoint.ts'
import { addToAgent } from '../agents/add-to-agent.ts'
import { readAgentName } from '../agents/agent-name.ts'
import type { Skill } from '../skill.ts'
import { compareInstall, conflictPolicies } from '../sync/decide-action.ts'
import { type SyncAction, syncSkills } from '../sync/sync-skills.ts'
import { line } from '../write/skill-fields.ts'
import { authorOf, creatorOf, type SkillRoutesDependencies } from './skill-context.ts'

const maxRows = 50_000
const installId = line.refine((id) => id !== '', 'an install id is not empty')

/** Rows are read one by one, so that a bad one fails alone. */
const syncBody = z.object({
  skills: z.array(z.unknown()).max(maxRows),
  conflict_policy: z.enum(conflictPolicies).default('local_wins'),
  response_mode: z.enum(['summary', 'diff']).default('summary'),
  author: line.nullish(),
  install_id: installId.nullish(),
  install_label: line.nullish(),
  offer_scope: z.enum(['workspace', 'restricted']).nullish(),
  agent_name: line.nullish(),
  add_to_agent: z.enum(['all', 'unless_removed']).nullish(),
})

const reportBody = z.object({
  install_id: installId,
  install_label: line.nullish(),
  skills: z.array(z.object({ name: line, content_hash: line })).max(maxRows),
})

export function syncRoutes(deps: SkillRoutesDependencies): Route<Endpoint>[] {
  const { identity, idempotent } = deps
  const post = { method: 'POST', auth: 'user', aliased: false } as const
  return [
    {
      ...post,
      template: '/api/v1/skills/sync',
      handler: restEndpoint({
        identity,
        body: syncBody,
        answer: async ({ workspaceId, body, caller, exchange }) => {
          const { install_id, install_label } = body
          const request = {
            workspaceId,
            rows: body.skills,
            policy: body.conflict_policy,
            createdBy: creatorOf(caller),
            author: authorOf(caller, body.author),
            offerScope: body.offer_scope ?? null,
            install: install_id == null ? null : { installId: install_id, label: install_label ?? null },
          }
          const agent = body.agent_name == null ? null : readAgentName(body.agent_name)
          const sync = async (): Promise<object> => {
            const actions = await syncSkills(deps, request)
            const placed =
              agent === null ? {} : await place(deps, workspaceId, agent, actions, body.add_to_agent)
            return { ...summarise(actions, body.response_mode === 'diff'), ...placed }
          }
          return {
            body: await idempotent.run(`sync:${workspaceId}`, exchange.header('idempotency-key'), sync),
          }
        },
      }),
    },
    {
      ...post,
      template: '/api/v1/skills/installs/report',
      handler: restEndpoint({
        identity,
        body: reportBody,
        answer: async ({ workspaceId, body }) => ({ body: await reportInstall(deps, workspaceId, body) }),
      }),
    },
  ]
}

/** Every skill of the sync that is there is put on the agent. */
async function place(
  { store, placing }: SkillRoutesDependencies,
  workspaceId: string,
  agentName: string,
  actions: readonly SyncAction[],
  mode: 'all' | 'unless_removed' | null | undefined,
): Promise<object> {
  const names = actions.filter(({ action }) => action !== 'failed').map(({ name }) => name)
  const { skills } = await store.list(workspaceId, { names, safety: 'all', limit: maxRows, after: null })
  return addToAgent(placing, workspaceId, agentName, skills, mode ?? 'all')
}

function summarise(actions: readonly SyncAction[], withActions: boolean): object {
  const count = (wanted: SyncAction['action']): number =>
    actions.filter(({ action }) => action === wanted).length
  const failures = count('failed')
  return {
    status: failures === 0 ? 'ok' : 'partial',
    synced: actions.length - failures,
    created: count('created'),
    updated: count('pushed'),
    unchanged: count('no_change'),
    pulled: count('pulled'),
    failures,
    ...(withActions ? { actions } : {}),
  }
}

async function reportInstall(
  { store }: SkillRoutesDependencies,
  workspaceId: string,
  { install_id, skills }: z.output<typeof reportBody>,
): Promise<object> {
  const baselines = await store.listBaselines(workspaceId, install_id)
  const baselineOf = new Map(baselines.map(({ name, contentHash }) => [name, contentHash]))
  const remoteOf = new Map<string, Skill['latest']>()
  const names = skills.map(({ name }) => name)
  const { skills: found } = await store.list(workspaceId, { names, limit: maxRows, after: null })
  for (const { name, served } of found) if (served !== null) remoteOf.set(name, served)
  const statuses = skills.map(({ name, content_hash }) => {
    const local = content_hash.replace(/^sha256:/, '').toLowerCase()
    const status = compareInstall(
      local,
      remoteOf.get(name)?.contentHash ?? null,
      baselineOf.get(name) ?? null,
    )
    return { name, status }
  })
  return { skills: statuses }
}
