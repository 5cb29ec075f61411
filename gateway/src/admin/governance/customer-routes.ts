import { z } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import type { SubjectRecord } from '../../storage/subject-store.ts'
import { id, limitFields, names } from './limit-fields.ts'
import { formatSubject, type SubjectContext, settingsOf } from './subject-context.ts'

const fields = {
  ...limitFields,
  user_id: id,
  alias: z.string().max(256).nullish(),
  blocked: z.boolean().nullish(),
  default_model: z.string().nullish(),
  allowed_model_region: z.string().nullish(),
} as const
const customerSchema = z.looseObject(fields)
const manySchema = z.object({ user_ids: names.min(1).max(1_000) })

const ownFields = ['user_id', 'alias', 'blocked']

/** `/customer/*` and, meaning the same, `/end_user/*`: those a caller makes requests for. */
export function customerRoutes(context: SubjectContext): Route<Endpoint>[] {
  return ['/customer', '/end_user'].flatMap((prefix) => routesBelow(context, prefix))
}

function routesBelow(context: SubjectContext, prefix: string): Route<Endpoint>[] {
  const { subjects } = context.deps
  const write = { permission: 'customer.write' } as const
  const read = { permission: 'customer.read' } as const

  async function show(record: SubjectRecord): Promise<Record<string, unknown>> {
    const {
      organization_id: _,
      models: __,
      metadata: ___,
      ...row
    } = formatSubject(record, await context.spendOf('customer', record))
    return {
      ...{ default_model: null, allowed_model_region: null },
      ...row,
      user_id: record.id,
      alias: record.alias,
      litellm_budget_table: await context.budgetOf(record),
    }
  }

  return [
    context.route('POST', `${prefix}/new`, {
      ...write,
      body: customerSchema,
      answer: async ({ body, caller }) => {
        const given = { alias: body.alias ?? null, blocked: body.blocked ?? false }
        const settings = settingsOf(body, ownFields)
        return { body: await show(await context.create('customer', body.user_id, given, settings, caller)) }
      },
    }),
    context.route('POST', `${prefix}/update`, {
      ...write,
      body: customerSchema,
      answer: async ({ body }) => {
        const record = await context.update('customer', body.user_id, {
          ...(body.alias === undefined ? {} : { alias: body.alias }),
          ...(body.blocked == null ? {} : { blocked: body.blocked }),
          settings: settingsOf(body, ownFields),
        })
        return { body: await show(record) }
      },
    }),
    context.route('POST', `${prefix}/delete`, {
      ...write,
      body: manySchema,
      answer: async ({ body }) => {
        for (const userId of body.user_ids) await context.find('customer', userId)
        const deleted = await context.delete('customer', body.user_ids)
        const message = `Successfully deleted customers with ids: ${body.user_ids.join(', ')}`
        return { body: { deleted_customers: deleted.length, message } }
      },
    }),
    context.route('GET', `${prefix}/info`, {
      ...read,
      body: null,
      answer: async ({ query }) => {
        const userId = query.get('end_user_id') ?? query.get('user_id') ?? ''
        return { body: await show(await context.find('customer', userId)) }
      },
    }),
    context.route('GET', `${prefix}/list`, {
      ...read,
      body: null,
      answer: async () => {
        const { records } = await subjects.list('customer', { page: 1, size: 1_000 })
        return { body: await Promise.all(records.map(show)) }
      },
    }),
    ...(['block', 'unblock'] as const).map((action) =>
      context.route('POST', `${prefix}/${action}`, {
        ...write,
        body: manySchema,
        answer: async ({ body, caller }) => {
          const blocked = action === 'block'
          const records: SubjectRecord[] = []
          for (const userId of body.user_ids) {
            // One nobody made can be blocked all the same.
            const known = await subjects.find('customer', userId)
            const changed =
              known === null
                ? context.create('customer', userId, { blocked }, {}, caller)
                : context.update('customer', userId, { blocked })
            records.push(await changed)
          }
          return { body: { blocked_users: await Promise.all(records.map(show)) } }
        },
      }),
    ),
  ]
}
