import { z } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import type { SubjectRecord } from '../../storage/subject-store.ts'
import { id, limitFields, names } from './limit-fields.ts'
import { formatSubject, type SubjectContext, settingsOf } from './subject-context.ts'

const tagSchema = z.looseObject({
  ...limitFields,
  name: id,
  description: z.string().nullish(),
  models: names.nullish(),
})
const namesSchema = z.object({ names: names.min(1).max(1_000) })
const nameSchema = z.object({ name: id })

const ownFields = ['name', 'models']

/** `/tag/*`: tags of requests and keys that have a budget. */
export function tagRoutes(context: SubjectContext): Route<Endpoint>[] {
  const { subjects } = context.deps
  const write = { permission: 'tag.write' } as const
  const read = { permission: 'tag.read' } as const

  async function show(record: SubjectRecord): Promise<Record<string, unknown>> {
    const {
      organization_id: _,
      blocked: __,
      metadata: ___,
      ...row
    } = formatSubject(record, await context.spendOf('tag', record))
    return {
      description: null,
      ...row,
      name: record.id,
      litellm_budget_table: await context.budgetOf(record),
    }
  }

  return [
    context.route('POST', '/tag/new', {
      ...write,
      body: tagSchema,
      answer: async ({ body, caller }) => {
        const given = { models: body.models ?? [] }
        const record = await context.create('tag', body.name, given, settingsOf(body, ownFields), caller)
        return { body: { message: `Tag ${body.name} created successfully`, tag: await show(record) } }
      },
    }),
    context.route('POST', '/tag/update', {
      ...write,
      body: tagSchema,
      answer: async ({ body }) => {
        const record = await context.update('tag', body.name, {
          ...(body.models == null ? {} : { models: body.models }),
          settings: settingsOf(body, ownFields),
        })
        return { body: { message: `Tag ${body.name} updated successfully`, tag: await show(record) } }
      },
    }),
    context.route('POST', '/tag/info', {
      ...read,
      body: namesSchema,
      answer: async ({ body }) => {
        const records = await Promise.all(body.names.map((name) => context.find('tag', name)))
        const rows = await Promise.all(
          records.map(async (record) => [record.id, await show(record)] as const),
        )
        return { body: Object.fromEntries(rows) }
      },
    }),
    context.route('GET', '/tag/list', {
      ...read,
      body: null,
      answer: async () => {
        const { records } = await subjects.list('tag', { page: 1, size: 1_000 })
        return { body: await Promise.all(records.map(show)) }
      },
    }),
    context.route('POST', '/tag/delete', {
      ...write,
      body: nameSchema,
      answer: async ({ body }) => {
        await context.find('tag', body.name)
        await context.delete('tag', [body.name])
        return { body: { message: `Tag ${body.name} deleted successfully` } }
      },
    }),
  ]
}
