import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import { workspaceFields } from '../../governance/workspaces/workspace.ts'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import { actorOf } from '../../identity/caller.ts'
import type { SubjectRecord } from '../../storage/subject-store.ts'
import { changesOf, given, type RulesDependencies, ruleRoute } from './rules-context.ts'

const mostListed = 10_000
const fields = {
  name: z.string().min(1).max(256),
  org_id: z.string().min(1).max(256).nullable().default(null),
  metadata: z.record(z.string(), z.unknown()).default({}),
  ...workspaceFields,
} as const
// What would be stored and not done is refused: unknown members, and those a later release brings.
const newSchema = z.strictObject({
  workspace_id: z
    .string()
    .min(1)
    .max(256)
    .regex(/^[^/\s]+$/),
  ...fields,
})
const changeSchema = changesOf(fields)

type WorkspaceBody = Omit<z.infer<typeof newSchema>, 'workspace_id'>

/** `/workspaces`: what keys of a workspace may do together. */
export function workspaceRoutes(deps: RulesDependencies): Route<Endpoint>[] {
  const { subjects } = deps
  const read = { permission: 'workspace.read' } as const
  const write = { permission: 'workspace.write' } as const

  async function find(id: string | undefined): Promise<SubjectRecord> {
    const record = await subjects.find('workspace', id ?? '')
    if (record === null) throw noSuchWorkspace(id ?? '')
    return record
  }

  const changed = (id: string): void => deps.onSubjectsChanged([{ kind: 'workspace', id }])

  async function replace(id: string, body: WorkspaceBody): Promise<SubjectRecord> {
    const record = await subjects.update('workspace', id, toRecord(body))
    if (record === null) throw noSuchWorkspace(id)
    changed(id)
    return record
  }

  return [
    ruleRoute(deps, 'GET', '/workspaces', {
      ...read,
      body: null,
      answer: async ({ query }) => {
        const org = query.get('org_id')
        const which = org === null ? {} : { organizationId: org }
        const { records } = await subjects.list('workspace', { page: 1, size: mostListed, ...which })
        return { body: { workspaces: records.map(showWorkspace), count: records.length } }
      },
    }),
    ruleRoute(deps, 'POST', '/workspaces', {
      ...write,
      body: newSchema,
      answer: async ({ body: { workspace_id: id, ...body }, caller }) => {
        const isNew = (await subjects.find('workspace', id)) === null
        const record = isNew
          ? await subjects.create({
              ...{ kind: 'workspace', id, blocked: false, models: [] },
              ...toRecord(body),
              createdBy: actorOf(caller),
            })
          : await replace(id, body)
        if (isNew) changed(id)
        const workspace = showWorkspace(record)
        return { status: isNew ? 201 : 200, body: { workspace_id: id, created: isNew, workspace } }
      },
    }),
    ruleRoute(deps, 'GET', '/workspaces/{id}', {
      ...read,
      body: null,
      answer: async ({ params }) => ({ body: { workspace: showWorkspace(await find(params['id'])) } }),
    }),
    ruleRoute(deps, 'PUT', '/workspaces/{id}', {
      ...write,
      body: changeSchema,
      answer: async ({ params, body }) => {
        const { id, ...current } = bodyOf(await find(params['id']))
        const workspace = showWorkspace(await replace(id, { ...current, ...given(body) }))
        return { body: { workspace } }
      },
    }),
    ruleRoute(deps, 'DELETE', '/workspaces/{id}', {
      ...write,
      body: null,
      answer: async ({ params }) => {
        const { id } = await find(params['id'])
        await subjects.delete('workspace', [id])
        changed(id)
        return { body: { deleted: true, workspace_id: id } }
      },
    }),
  ]
}

export function noSuchWorkspace(id: string): GatewayError {
  return new GatewayError('workspace_not_found', `There is no workspace ${id.slice(0, 256)}.`, {
    param: 'workspace_id',
    extras: {},
  })
}

function toRecord({ name, org_id, metadata, ...settings }: WorkspaceBody) {
  return { alias: name, organizationId: org_id, metadata, settings }
}

const fieldsSchema = z.object(fields)

function bodyOf({ id, alias, organizationId, metadata, settings }: SubjectRecord) {
  return { id, ...fieldsSchema.parse({ ...settings, name: alias ?? id, org_id: organizationId, metadata }) }
}

function showWorkspace(record: SubjectRecord): object {
  const { id, ...body } = bodyOf(record)
  return {
    workspace_id: id,
    ...body,
    created_at: new Date(record.createdAt).toISOString(),
    updated_at: new Date(record.updatedAt).toISOString(),
  }
}
