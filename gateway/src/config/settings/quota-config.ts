import { z } from 'zod'
import type { QuotaConfig, QuotaLimitConfig } from '../config.ts'
import type { ConfigSections } from './config-sections.ts'

const variable = 'ROUTEIQ_QUOTA_LIMITS_JSON'
const patterns = z.array(z.string().min(1)).default([])
/** A misspelt member would limit more or less than was meant, so unknown ones are refused. */
const limitSchema = z
  .strictObject({
    metric: z.enum(['requests', 'input_tokens', 'output_tokens', 'total_tokens', 'spend_usd']),
    window: z.enum(['minute', 'hour', 'day', 'month']),
    limit: z.number().positive().max(Number.MAX_SAFE_INTEGER),
    models: patterns,
    routes: patterns,
  })
  .refine(({ metric, limit }) => metric === 'spend_usd' || Number.isInteger(limit), {
    message: 'use a whole number',
    path: ['limit'],
  })

/** `ROUTEIQ_QUOTA_*`: what every caller may use in a window. */
export function readQuotaConfig(sections: ConfigSections): QuotaConfig {
  const { settings } = sections
  return {
    isEnabled: settings.boolean('quota.enabled'),
    failsClosed: settings.text('quota.fail_mode') === 'closed',
    limits: readLimits(sections),
    pricePerThousandUsd: settings.number('quota.default_spend_per_1k_tokens'),
    reconciles: settings.boolean('quota.cost_reconciliation_enabled'),
  }
}

function readLimits({ settings, report }: ConfigSections): readonly QuotaLimitConfig[] {
  const parsed = z.array(limitSchema).safeParse(settings.json('quota.limits_json') ?? [])
  for (const { path, message } of parsed.error?.issues ?? [])
    report.fatal(variable, `${path.join('.') || 'the value'}: ${message}`)
  const limits = (parsed.data ?? []).map((limit) => ({ ...limit, id: idOf(limit) }))
  const names = limits.map(({ metric, window, id }) => `${metric} ${window} ${id}`)
  const repeated = names.findIndex((name, index) => names.indexOf(name) < index)
  if (repeated >= 0) report.fatal(variable, `${repeated}: an entry before this one counts the same`)
  return limits
}

/** Entries of one metric and window count apart where they concern different calls. */
function idOf({ models, routes }: z.infer<typeof limitSchema>): string {
  return models.length + routes.length === 0 ? '' : JSON.stringify([models, routes])
}
