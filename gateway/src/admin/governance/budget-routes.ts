import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import { id, limitFields, names } from './limit-fields.ts'
import { formatBudget } from './shared-budget.ts'
import { type SubjectContext, settingsOf } from './subject-context.ts'

const { spend: _, budget_id: __, ...limits } = limitFields
const newSchema = z.looseObject({ ...limits, budget_id: id.nullish() })
const updateSchema = z.looseObject({ ...limits, budget_id: id })
const infoSchema = z.object({ budgets: names.min(1).max(1_000) })
const deleteSchema = z.object({ id })

/** The fields of a budget, for a form that edits one. */
const described = [
  ['max_budget', 'Float', 'Most that may be spent, in USD'],
  ['soft_budget', 'Float', 'Spend from which on the log warns, in USD'],
  ['budget_duration', 'String', 'Period of the budget: 1d, 7d, 30d'],
  ['tpm_limit', 'Integer', 'Tokens a minute'],
  ['rpm_limit', 'Integer', 'Requests a minute'],
  ['max_parallel_requests', 'Integer', 'Requests at the same time'],
] as const

/** `/budget/*`: limits that keys, users, teams and others share by `budget_id`. Each of them has the whole of it. */
export function budgetRoutes(context: SubjectContext): Route<Endpoint>[] {
  const { subjects } = context.deps
  const write = { permission: 'budget.write' } as const
  const read = { permission: 'budget.read' } as const
  return [
    context.route('POST', '/budget/new', {
      ...write,
      body: newSchema,
      answer: async ({ body, caller }) => {
        const budgetId = body.budget_id ?? randomUUID()
        const record = await context.create('budget', budgetId, {}, settingsOf(body, ['budget_id']), caller)
        return { body: formatBudget(record) }
      },
    }),
    context.route('POST', '/budget/update', {
      ...write,
      body: updateSchema,
      answer: async ({ body }) => {
        const settings = settingsOf(body, ['budget_id'])
        return { body: formatBudget(await context.update('budget', body.budget_id, { settings })) }
      },
    }),
    context.route('POST', '/budget/info', {
      ...read,
      body: infoSchema,
      answer: async ({ body }) => ({
        body: (await subjects.findMany('budget', body.budgets)).map(formatBudget),
      }),
    }),
    context.route('GET', '/budget/list', {
      ...read,
      body: null,
      answer: async () => ({
        body: (await subjects.list('budget', { page: 1, size: 1_000 })).records.map(formatBudget),
      }),
    }),
    context.route('GET', '/budget/settings', {
      ...read,
      body: null,
      answer: async ({ query }) => {
        const { settings } = await context.find('budget', query.get('budget_id') ?? '')
        return {
          body: described.map(([field_name, field_type, field_description]) => ({
            ...{ field_name, field_type, field_description },
            field_value: settings[field_name] ?? null,
            stored_in_db: settings[field_name] != null,
          })),
        }
      },
    }),
    context.route('POST', '/budget/delete', {
      ...write,
      body: deleteSchema,
      answer: async ({ body }) => {
        const record = await context.find('budget', body.id)
        await context.delete('budget', [body.id])
        return { body: formatBudget(record) }
      },
    }),
  ]
}
