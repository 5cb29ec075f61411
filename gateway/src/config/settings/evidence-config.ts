import type { EvidenceConfig } from '../config.ts'
import type { ConfigSections } from './config-sections.ts'

/** Decisions, traces and outcomes of skills. */
export function readEvidenceConfig({ settings }: ConfigSections): EvidenceConfig {
  return {
    retentionDays: Math.max(1, settings.number('skills.evidence_retention_days')),
    requireManifest: settings.boolean('skills.require_manifest_on_ingest'),
  }
}
