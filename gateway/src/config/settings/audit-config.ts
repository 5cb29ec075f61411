import type { AuditConfig } from '../config.ts'
import type { ConfigSections } from './config-sections.ts'

/** `AUDIT_LOG_*`: what is recorded, for how long, and what happens when it cannot be. */
export function readAuditConfig({ settings }: ConfigSections, isProduction: boolean): AuditConfig {
  const asked = settings.text('audit.fail_mode')
  return {
    node: settings.text('process.pod_name'),
    isEnabled: settings.boolean('audit.enabled'),
    refusesUnrecordedChanges: asked === null ? isProduction : asked === 'closed',
    refusesUnrecordedCalls: asked === 'closed',
    retentionDays: settings.isGiven('audit.retention_days') ? settings.number('audit.retention_days') : null,
  }
}
