import { z } from 'zod'

/** A list, or one entry without its brackets. */
const entries = z
  .union([z.string(), z.array(z.string())])
  .nullish()
  .transform((value) => (typeof value === 'string' ? [value] : (value ?? [])))

const ruleSchema = z.strictObject({
  name: z.string().min(1),
  action: z.enum(['allow', 'deny']),
  teams: entries,
  users: entries,
  api_keys: entries,
  routes: entries,
  methods: entries,
  models: entries,
  source_ips: entries,
  reason: z.string().nullish(),
  priority: z.number().default(100),
})

/** A misspelt member would match more than it should, so unknown ones are refused. */
export const policySchema = z.strictObject({
  default_action: z.enum(['allow', 'deny']).default('allow'),
  default_reason: z.string().default('No matching policy rule'),
  excluded_paths: z.array(z.string()).default(['/_health/live', '/_health/ready', '/metrics']),
  rules: z
    .array(ruleSchema)
    .nullish()
    .transform((rules) => rules ?? []),
})

export type PolicyDocument = z.infer<typeof policySchema>
export type PolicyRuleDocument = z.infer<typeof ruleSchema>
