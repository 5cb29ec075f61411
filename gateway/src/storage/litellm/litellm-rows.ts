import { z } from 'zod'

const bag = z.record(z.string(), z.unknown())
const texts = z.array(z.string()).nullish()
const text = z.string().nullish()
/** Prisma keeps times of UTC in columns without a zone. */
const time = z
  .string()
  .transform((value) => Date.parse(/(?:Z|[+-]\d\d(?::?\d\d)?)$/.test(value) ? value : `${value}Z`))
  .nullish()

/** What every table has beside its own columns; columns that are not named are told in the report. */
const common = { created_at: time, created_by: text, spend: z.number().nullish() } as const

export const budgetRow = z.looseObject({ ...common, budget_id: z.string() })
export const permissionRow = z.looseObject({ object_permission_id: z.string() })
export const aliasRow = z.looseObject({ id: z.number(), aliases: bag.nullish() })
export const organizationRow = z.looseObject({
  ...common,
  organization_id: z.string(),
  organization_alias: text,
  models: texts,
  metadata: bag.nullish(),
})
export const teamRow = z.looseObject({
  ...common,
  team_id: z.string(),
  team_alias: text,
  organization_id: text,
  admins: texts,
  members: texts,
  members_with_roles: z.unknown(),
  models: texts,
  metadata: bag.nullish(),
  blocked: z.boolean().nullish(),
  model_id: z.number().nullish(),
})
export const userRow = z.looseObject({
  ...common,
  user_id: z.string(),
  user_alias: text,
  organization_id: text,
  teams: texts,
  models: texts,
  metadata: bag.nullish(),
})
export const keyRow = z.looseObject({
  ...common,
  token: z.string(),
  key_name: text,
  key_alias: text,
  expires: time,
  user_id: text,
  team_id: text,
  organization_id: text,
  models: texts,
  aliases: z.record(z.string(), z.string()).nullish(),
  allowed_routes: texts,
  metadata: bag.nullish(),
  blocked: z.boolean().nullish(),
})
export const customerRow = z.looseObject({
  ...common,
  user_id: z.string(),
  alias: text,
  models: texts,
  blocked: z.boolean().nullish(),
})
export const tagRow = z.looseObject({ ...common, tag_name: z.string(), models: texts })
export const teamMembershipRow = z.looseObject({
  ...common,
  user_id: z.string(),
  team_id: z.string(),
  budget_id: text,
})
export const organizationMembershipRow = z.looseObject({
  ...common,
  user_id: z.string(),
  organization_id: z.string(),
  user_role: text,
  budget_id: text,
})

/** A member as a team lists it. */
export const memberSchema = z.looseObject({ user_id: text, role: text })

export type BudgetRow = z.infer<typeof budgetRow>
export type OrganizationRow = z.infer<typeof organizationRow>
export type TeamRow = z.infer<typeof teamRow>
export type UserRow = z.infer<typeof userRow>
export type KeyRow = z.infer<typeof keyRow>
export type CustomerRow = z.infer<typeof customerRow>
export type TagRow = z.infer<typeof tagRow>
